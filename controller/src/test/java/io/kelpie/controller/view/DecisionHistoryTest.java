package io.kelpie.controller.view;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.model.JobKey;
import io.kelpie.proto.v1.Decision;
import io.kelpie.proto.v1.VmRecord;
import io.kelpie.proto.v1.VmTemplate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class DecisionHistoryTest {
    private final DecisionHistory history = new DecisionHistory();

    private static VmName vm(int ordinal) {
        return new VmName(new JobKey("default", "web"), ordinal);
    }

    private static Decision at(long millis) {
        return Decision.newBuilder().setAtMillis(millis).build();
    }

    @Test
    void theLatestComeFirstAndTheOldestAreForgotten() {
        for (int at = 1; at <= DecisionHistory.PER_VM + 2; at++) {
            history.add(vm(0), at(at));
        }
        assertThat(history.of(vm(0))).containsExactly(at(6), at(5), at(4), at(3));
        assertThat(history.of(vm(1))).isEmpty();
        history.forget(vm(0));
        assertThat(history.of(vm(0))).isEmpty();
    }

    @Test
    void vmsWhoseDecisionChangedLongestAgoAreForgottenFirst() {
        for (int ordinal = 0; ordinal < DecisionHistory.VMS_MAX; ordinal++) {
            history.add(vm(ordinal), at(1));
        }
        history.add(vm(0), at(2));
        history.add(vm(DecisionHistory.VMS_MAX), at(1));
        assertThat(history.of(vm(0))).hasSize(2);
        assertThat(history.of(vm(1))).isEmpty();
        assertThat(history.of(vm(2))).hasSize(1);
    }

    @Test
    void theModelKeepsWhatWasDecidedBeforeAndForgetsGoneVms() {
        ReadModel model = new ReadModel(0);
        VmRecord record = VmRecord.getDefaultInstance();
        Decision oneHost = at(1).toBuilder().setHostsConsidered(1).build();
        Decision twoHosts = at(3).toBuilder().setHostsConsidered(2).build();
        show(model, record, oneHost);
        show(model, record, oneHost.toBuilder().setAtMillis(2).build());
        show(model, record, twoHosts);
        show(model, record.toBuilder().setDecision(at(4)).build(), null);

        assertThat(model.formerDecisions(vm(0)))
                .containsExactly(twoHosts, oneHost.toBuilder().setAtMillis(2).build());
        model.removeVm(vm(0));
        assertThat(model.formerDecisions(vm(0))).isEmpty();
    }

    private static void show(ReadModel model, VmRecord record, @Nullable Decision pending) {
        model.putVm(new VmView(vm(0), record, VmTemplate.getDefaultInstance(), null, pending));
    }
}
