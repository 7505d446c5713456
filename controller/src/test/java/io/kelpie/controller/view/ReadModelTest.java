package io.kelpie.controller.view;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.model.JobKey;
import io.kelpie.proto.v1.VmRecord;
import io.kelpie.proto.v1.VmTemplate;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ReadModelTest {
    private static final long FIRST = 1L << 32;

    private final ReadModel model = new ReadModel(FIRST);

    private static VmName name(int ordinal) {
        return new VmName(new JobKey("default", "web"), ordinal);
    }

    private void change(int times) {
        for (int i = 0; i < times; i++) {
            model.putVm(new VmView(
                    name(i % 10), VmRecord.getDefaultInstance(), VmTemplate.getDefaultInstance(), null, null));
        }
    }

    @Test
    void nothingHasChangedAtFirst() {
        assertThat(model.version()).isEqualTo(FIRST);
        assertThat(model.changesAfter(FIRST))
                .hasValueSatisfying(changes -> assertThat(changes).isEmpty());
    }

    @Test
    void versionsOfAnotherTermAreNotRemembered() {
        change(3);
        assertThat(model.changesAfter(FIRST - 1)).isEmpty();
        assertThat(model.changesAfter(0)).isEmpty();
        assertThat(model.changesAfter(FIRST + 4)).isEmpty();
    }

    @Test
    void changesComeInTheirOrder() {
        change(3);
        assertThat(model.changesAfter(FIRST + 1))
                .hasValueSatisfying(changes -> assertThat(changes)
                        .containsExactly(
                                new ReadModel.Change(FIRST + 2, name(1)), new ReadModel.Change(FIRST + 3, name(2))));
    }

    @Test
    void theOldestChangesAreForgotten() {
        change(ReadModel.CHANGES_KEPT);
        assertThat(model.changesAfter(FIRST))
                .hasValueSatisfying(changes -> assertThat(changes).hasSize(ReadModel.CHANGES_KEPT));
        change(1);
        assertThat(model.changesAfter(FIRST)).isEmpty();
        assertThat(model.changesAfter(FIRST + 1))
                .hasValueSatisfying(changes -> assertThat(changes).hasSize(ReadModel.CHANGES_KEPT));
    }

    @Test
    void listenersHearEachChangeAndTheEndUntilTheyAreRemoved() {
        AtomicInteger heard = new AtomicInteger();
        Runnable listener = heard::incrementAndGet;
        model.addListener(listener);
        change(2);
        model.removeVm(name(0));
        model.removeVm(name(9));
        assertThat(heard).as("what was not there does not change").hasValue(3);
        model.end();
        assertThat(heard).hasValue(4);
        model.removeListener(listener);
        change(1);
        assertThat(heard).hasValue(4);
    }
}
