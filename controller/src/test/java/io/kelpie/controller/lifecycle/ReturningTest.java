package io.kelpie.controller.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.model.VmState;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ReturningTest {
    @ParameterizedTest
    @CsvSource({
        "PLACED, HOST_FENCED, false, true",
        "RUNNING, HOST_FENCED, false, true",
        "STARTING, EXITED_RESTART, false, true",
        "RUNNING, EXITED_RESTART, false, true",
        "RUNNING, EVICT_REQUESTED, false, true",
        "STOPPING, START_REQUESTED, false, true",
        "STOPPED, START_REQUESTED, true, false",
        "FAILED, START_REQUESTED, true, false",
        "PLACED, START_REJECTED, false, false",
        "PLACED, START_REJECTED, true, true",
        "EVICTING, EXITED_FINAL_CLEAN, true, true",
        "EVICTING, EXITED_FINAL_CLEAN, false, false",
        "EVICTING, HOST_FENCED, false, false"
    })
    void whatBringsAVmBack(VmState from, VmEvent event, boolean former, boolean now) {
        assertThat(after(from, event, former)).isEqualTo(now);
    }

    private static boolean after(VmState from, VmEvent event, boolean former) {
        Transition.Taken taken = (Transition.Taken) VmLifecycle.next(from, event);
        return Returning.after(former, from, event, taken.to());
    }

    /** What was so stays so while the VM has its place; only its end, or a start after its operator's stop, says anew. */
    @ParameterizedTest
    @EnumSource(VmState.class)
    void nothingElseChangesIt(VmState from) {
        Set<VmEvent> saying = EnumSet.of(
                VmEvent.HOST_FENCED, VmEvent.EXITED_RESTART, VmEvent.EVICT_REQUESTED, VmEvent.START_REQUESTED);
        for (VmEvent event : EnumSet.complementOf(EnumSet.copyOf(saying))) {
            if (VmLifecycle.next(from, event) instanceof Transition.Taken) {
                assertThat(after(from, event, true)).as("%s %s", from, event).isTrue();
                assertThat(after(from, event, false)).as("%s %s", from, event).isFalse();
            }
        }
    }

    @Test
    void aVmThatIsBeingStoppedDoesNotComeBack() {
        assertThat(after(VmState.STOPPING, VmEvent.HOST_FENCED, false)).isFalse();
    }
}
