package io.kelpie.controller.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.control.TestTime;
import org.junit.jupiter.api.Test;

class HostContactsTest {
    private final TestTime time = new TestTime();

    @Test
    void theLastTimeCountsForEachHost() {
        HostContacts contacts = new HostContacts(time);
        assertThat(contacts.millisSince("h1")).isEmpty();

        contacts.heard("h1");
        time.advanceMillis(1_500);
        contacts.heard("h2");
        time.advanceMillis(500);

        assertThat(contacts.millisSince("h1")).hasValue(2_000);
        assertThat(contacts.millisSince("h2")).hasValue(500);
        assertThat(contacts.listeningMillis()).isEqualTo(2_000);
        contacts.heard("h1");
        assertThat(contacts.millisSince("h1")).hasValue(0);
    }

    @Test
    void strangersDoNotFillTheMemoryAndWhatMattersIsKept() {
        HostContacts contacts = new HostContacts(time);
        for (int i = 0; i < 50_000; i++) {
            contacts.heard("stranger-" + i);
        }
        time.advanceMillis(11 * 60_000);
        contacts.heard("h1");

        assertThat(contacts.millisSince("stranger-1")).isEmpty();
        assertThat(contacts.millisSince("h1")).hasValue(0);
    }
}
