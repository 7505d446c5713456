package io.kelpie.controller.view;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.control.TestTime;
import io.kelpie.proto.v1.Event;
import org.junit.jupiter.api.Test;

class EventLogTest {
    private static final int KEPT = 10_000;

    private final TestTime time = new TestTime();
    private final long began = time.wallMillis();
    private final EventLog log = new EventLog(time);

    @Test
    void saysWhenItBegan() {
        time.advanceMillis(5_000);
        log.add("cluster", "TermBegan", "epoch 1");
        assertThat(log.sinceMillis()).isEqualTo(began);
        assertThat(log.latest("", 0, 1)).singleElement().satisfies(event -> {
            assertThat(event.getAtMillis()).isEqualTo(began + 5_000);
            assertThat(event.getSequence()).isEqualTo(1);
        });
    }

    @Test
    void givesTheLatestOfASubjectOldestFirst() {
        for (int i = 1; i <= 6; i++) {
            log.add(i % 2 == 0 ? "vm/default/web-0" : "vm/default/web-1", "Changed", "change " + i);
        }
        assertThat(log.latest("vm/default/web-0", 0, 2))
                .extracting(Event::getMessage)
                .containsExactly("change 4", "change 6");
        assertThat(log.latest("vm/default/web-0", 4, 10))
                .extracting(Event::getMessage)
                .containsExactly("change 6");
        assertThat(log.latest("vm/default/web", 0, 10)).isEmpty();
        assertThat(log.latest("", 6, 10)).isEmpty();
    }

    @Test
    void forgetsTheOldest() {
        for (int i = 0; i <= KEPT; i++) {
            log.add("cluster", "Changed", "change " + i);
        }
        assertThat(log.latest("", 0, 2 * KEPT))
                .hasSize(KEPT)
                .first()
                .satisfies(event -> assertThat(event.getMessage()).isEqualTo("change 1"));
    }
}
