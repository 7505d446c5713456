package io.kelpie.controller.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.scheduling.NPlusOne;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.queue.QueueFacts;
import io.kelpie.controller.view.VmName;
import io.kelpie.proto.v1.BackupPlace;
import io.kelpie.proto.v1.ExplainVmResponse;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.OnHostFailure;
import io.kelpie.proto.v1.QueuePlace;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What explain tells of a VM's backup and of its place in the queue. */
class OutlookTest {
    private static final SchedulingPolicy WARNED = SchedulingPolicy.DEFAULT.withNPlusOne(NPlusOne.WARN);

    private static Outlook outlook(TestController controller, String vm) {
        CompletableFuture<Outlook> answer = new CompletableFuture<>();
        VmName name = VmName.parse("default", vm).orElseThrow();
        controller.queue.offer(new ControlEvent.CallPrepared<>(Outlook.now(name), answer));
        controller.tick();
        return answer.join();
    }

    private static ExplainVmResponse explain(TestController controller, String vm) {
        Outlook outlook = outlook(controller, vm);
        return Explanations.explain(controller.vm(vm), outlook, controller.model(), controller.time.wallMillis());
    }

    private static TestAgent host(TestController controller, String name) {
        TestAgent agent = controller.agent(name).memoryMib(4096).canLease();
        agent.connect();
        controller.pass(500);
        return agent;
    }

    private static JobSpec job(String name, int memoryMib) {
        JobSpec.Builder job = TestController.job(name, 1).toBuilder();
        job.getVmBuilder().setMemoryMib(memoryMib);
        return job.build();
    }

    // ---- backups

    @Test
    void theHostThatKeepsRoomIsTold() {
        TestController controller = TestController.leading(WARNED);
        TestAgent h1 = host(controller, "h1");
        TestAgent h2 = host(controller, "h2");
        controller.apply(job("web", 400));
        controller.settle();

        ExplainVmResponse explained = explain(controller, "web-0");

        TestAgent other = explained.getVm().getHostName().equals("h1") ? h2 : h1;
        assertThat(explained.getBackup())
                .isEqualTo(BackupPlace.newBuilder()
                        .setHostId(other.hostId())
                        .setHostName(explained.getVm().getHostName().equals("h1") ? "h2" : "h1")
                        .build());
        assertThat(explained.hasQueue()).isFalse();
    }

    @Test
    void whyNoHostKeepsRoomIsToldUntilOneCan() {
        TestController controller = TestController.leading(WARNED);
        host(controller, "h1");
        controller.apply(job("web", 400));
        controller.settle();

        BackupPlace none = explain(controller, "web-0").getBackup();
        assertThat(none.getHostId()).isEmpty();
        assertThat(none.getReason()).contains("no other host").contains("N+1 is warn");

        TestAgent h2 = host(controller, "h2");
        controller.pass(5_500);
        assertThat(explain(controller, "web-0").getBackup().getHostId()).isEqualTo(h2.hostId());
    }

    @Test
    void aVmThatIsNotStartedElsewhereNeedsNone() {
        TestController controller = TestController.leading(WARNED);
        host(controller, "h1");
        host(controller, "h2");
        controller.apply(job("left", 400).toBuilder()
                .setOnHostFailure(OnHostFailure.ON_HOST_FAILURE_LEAVE)
                .build());
        controller.settle();

        assertThat(explain(controller, "left-0").getBackup().getReason()).contains("onHostFailure: leave");
    }

    @Test
    void withoutNPlusOneNothingIsToldOfBackups() {
        TestController controller = TestController.leading();
        host(controller, "h1");
        controller.apply(job("web", 400));
        controller.settle();

        assertThat(outlook(controller, "web-0")).isEqualTo(Outlook.UNKNOWN);
        assertThat(explain(controller, "web-0").hasBackup()).isFalse();
    }

    // ---- the queue

    @Test
    void aVmThatWaitsForItsTurnIsToldHowManyAreAheadOfIt() {
        int vms = 3 * PlacementRound.DECISIONS_MAX;
        TestController controller = TestController.leading(SchedulingPolicy.DEFAULT.withoutStartsInFlight());
        controller.agent("h1").cpus(vms).memoryMib(vms * 400).connect();
        controller.pass(1_000);
        controller.apply(PlacementQueueTest.vms("first", vms, 90));
        controller.apply(PlacementQueueTest.vms("last", 1, 10));
        for (int i = 0; i < 10 && controller.decisions("placed") == 0; i++) {
            controller.tick();
        }
        int left = vms - (int) controller.decisions("placed");

        assertThat(left).isBetween(1, vms - 1);
        assertThat(explain(controller, "last-0").getQueue())
                .isEqualTo(QueuePlace.newBuilder()
                        .setState(QueuePlace.State.STATE_READY)
                        .setAhead(left)
                        .setVms(left + 1)
                        .build());
    }

    @Test
    void aVmThatNothingHelpsIsToldThatItIsPassedOver() {
        TestController controller = TestController.leading();
        controller.connected("h1");
        controller.apply(PlacementQueueTest.vms("first", 3, 90));
        controller.apply(job("large", 100_000));
        controller.settle();

        assertThat(explain(controller, "large-0").getQueue())
                .as("the first ones have their places")
                .isEqualTo(QueuePlace.newBuilder()
                        .setState(QueuePlace.State.STATE_BLOCKED)
                        .setVms(1)
                        .build());
    }

    @Test
    void whatIsNotDurableYetIsNotShown() {
        TestController controller = TestController.leading(WARNED);
        host(controller, "h1");
        controller.apply(job("web", 400));
        controller.apply(job("large", 100_000));
        controller.settle();
        Outlook waiting = outlook(controller, "large-0");
        Outlook placed = outlook(controller, "web-0");
        assertThat(waiting.queue().map(QueueFacts::state)).isEqualTo(Optional.of(QueueFacts.State.BLOCKED));

        ExplainVmResponse stillPlaced =
                Explanations.explain(controller.vm("web-0"), waiting, controller.model(), controller.time.wallMillis());
        ExplainVmResponse stillWaiting = Explanations.explain(
                controller.vm("large-0"), placed, controller.model(), controller.time.wallMillis());

        assertThat(stillPlaced.hasQueue()).isFalse();
        assertThat(stillPlaced.hasBackup()).isFalse();
        assertThat(stillWaiting.hasQueue()).isFalse();
        assertThat(stillWaiting.hasBackup()).isFalse();
    }

    @Test
    void nothingIsKnownOfAVmThatIsNotThere() {
        TestController controller = TestController.leading();

        assertThat(outlook(controller, "web-0")).isEqualTo(Outlook.UNKNOWN);
        controller.apply(job("web", 400));
        controller.settle();
        assertThat(outlook(controller, "web-7")).isEqualTo(Outlook.UNKNOWN);
    }
}
