package io.kelpie.controller.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.google.common.util.concurrent.ListenableFuture;
import com.google.rpc.ErrorInfo;
import io.grpc.Status;
import io.kelpie.common.error.KelpieException;
import io.kelpie.controller.control.ControlEvent;
import io.kelpie.controller.control.Outlook;
import io.kelpie.controller.control.TestAgent;
import io.kelpie.controller.control.TestController;
import io.kelpie.controller.control.TestTime;
import io.kelpie.controller.store.memory.MemoryCluster;
import io.kelpie.proto.v1.Acceleration;
import io.kelpie.proto.v1.ApplyJobResponse;
import io.kelpie.proto.v1.CapacityDomain;
import io.kelpie.proto.v1.Decision;
import io.kelpie.proto.v1.DeviceRequest;
import io.kelpie.proto.v1.DrainedVm;
import io.kelpie.proto.v1.ErrorReason;
import io.kelpie.proto.v1.ExplainVmRequest;
import io.kelpie.proto.v1.ExplainVmResponse;
import io.kelpie.proto.v1.GetCapacityRequest;
import io.kelpie.proto.v1.GetCapacityResponse;
import io.kelpie.proto.v1.HostScore;
import io.kelpie.proto.v1.Hugepages;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.ListJobsRequest;
import io.kelpie.proto.v1.Move;
import io.kelpie.proto.v1.PlanJobRequest;
import io.kelpie.proto.v1.PlanJobResponse;
import io.kelpie.proto.v1.PlannedVm;
import io.kelpie.proto.v1.PreviewDrainRequest;
import io.kelpie.proto.v1.PreviewDrainResponse;
import io.kelpie.proto.v1.RebalanceGoal;
import io.kelpie.proto.v1.RebalanceRequest;
import io.kelpie.proto.v1.RebalanceResponse;
import io.kelpie.proto.v1.RestartPolicy;
import io.kelpie.proto.v1.RuleOutcome;
import io.kelpie.proto.v1.VmName;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What operators ask about placement, which changes nothing. */
class PlanningCallsTest {
    private static final io.kelpie.controller.view.VmName WEB_0 =
            io.kelpie.controller.view.VmName.parse("default", "web-0").orElseThrow();

    private final TestApi api = TestApi.leading();
    private final TestController controller = api.controller;

    @AfterEach
    void close() {
        api.close();
    }

    private static JobSpec job(String name, int replicas, Consumer<JobSpec.Builder> change) {
        JobSpec.Builder spec = TestController.job(name, replicas).toBuilder();
        change.accept(spec);
        return spec.build();
    }

    private PlanJobResponse plan(JobSpec spec) {
        return api.settled(
                api.jobChanges.planJob(PlanJobRequest.newBuilder().setSpec(spec).build()));
    }

    /** All VMs of a new job run. */
    private void running(JobSpec spec, TestAgent... agents) {
        api.apply(spec);
        obey(agents);
    }

    private void obey(TestAgent... agents) {
        for (int i = 0; i < 3; i++) {
            for (TestAgent agent : agents) {
                agent.obey();
            }
            controller.settle();
        }
    }

    // plan

    @Test
    void aPlanOfANewJobTellsEachVmsPlaceAndChangesNothing() {
        controller.connected("h1");

        PlanJobResponse plan = plan(TestController.job("web", 3));

        assertThat(plan.getOutcome()).isEqualTo(ApplyJobResponse.Outcome.OUTCOME_CREATED);
        assertThat(plan.getPlacedList()).extracting(PlannedVm::getName).containsExactly("web-0", "web-1", "web-2");
        assertThat(plan.getPlacedList()).allSatisfy(vm -> {
            assertThat(vm.getDecision().getHostName()).isEqualTo("h1");
            assertThat(vm.getDecision().getHostsConsidered()).isEqualTo(1);
            assertThat(vm.getPreemptedList()).isEmpty();
        });
        controller.settle();
        assertThat(controller.hasJob("web")).isFalse();
        assertThat(api.jobs.listJobs(ListJobsRequest.getDefaultInstance()).getJobsList())
                .isEmpty();
    }

    @Test
    void aPlanOfAJobThatIsThereTellsWhatStaysAndWhatGoes() {
        TestAgent h1 = controller.connected("h1");
        running(TestController.job("web", 2), h1);

        PlanJobResponse same = plan(TestController.job("web", 2));
        assertThat(same.getOutcome()).isEqualTo(ApplyJobResponse.Outcome.OUTCOME_UNCHANGED);
        assertThat(same.getUnchanged()).isEqualTo(2);
        assertThat(same.getPlacedList()).isEmpty();

        PlanJobResponse grown = plan(job("web", 3, spec -> spec.getVmBuilder().setVcpus(2)));
        assertThat(grown.getOutcome()).isEqualTo(ApplyJobResponse.Outcome.OUTCOME_UPDATED);
        assertThat(grown.getPlacedList()).extracting(PlannedVm::getName).containsExactly("web-2");
        assertThat(grown.getUnchanged()).isEqualTo(2);
        assertThat(grown.getOutdated()).isEqualTo(2);

        PlanJobResponse shrunk = plan(TestController.job("web", 1));
        assertThat(shrunk.getUnchanged()).isEqualTo(1);
        assertThat(shrunk.getRemoved()).isEqualTo(1);
        assertThat(shrunk.getOutdated()).isZero();
    }

    @Test
    void aVmThatWaitsIsPlannedAnewWithWhatIsAskedForNow() {
        controller.connected("h1");
        api.apply(job("web", 1, spec -> spec.getVmBuilder().setMemoryMib(100_000)));

        PlanJobResponse plan = plan(TestController.job("web", 1));

        assertThat(plan.getPlacedList()).hasSize(1);
        assertThat(plan.getPlaced(0).getDecision().getHostName()).isEqualTo("h1");
    }

    @Test
    void aVmWithoutAPlaceTellsItsRulesUntilFiftyHaveToldThem() {
        controller.connected("h1");

        PlanJobResponse plan = plan(job("web", 60, spec -> spec.getVmBuilder().setMemoryMib(100_000)));

        assertThat(plan.getPlacedList()).hasSize(60);
        Decision first = plan.getPlaced(0).getDecision();
        assertThat(first.getHostId()).isEmpty();
        assertThat(first.getRulesList()).extracting(RuleOutcome::getRule).containsExactly("memory");
        assertThat(plan.getPlacedList())
                .filteredOn(vm -> vm.getDecision().getRulesCount() > 0)
                .hasSize(50);
    }

    @Test
    void aPlanTellsWhoWouldMakeRoom() {
        TestAgent h1 = controller.connected("h1");
        running(job("batch", 1, spec -> spec.setPriority(10).getVmBuilder().setMemoryMib(3_000)), h1);

        PlanJobResponse plan =
                plan(job("web", 1, spec -> spec.setPriority(90).getVmBuilder().setMemoryMib(3_000)));

        assertThat(plan.getPlaced(0).getDecision().getHostName()).isEqualTo("h1");
        assertThat(plan.getPlaced(0).getPreemptedList())
                .containsExactly(VmName.newBuilder()
                        .setNamespace("default")
                        .setName("batch-0")
                        .build());
        assertThat(controller.state("batch-0")).as("it is only a plan").hasToString("VM_STATE_RUNNING");
    }

    @Test
    void whatApplyWouldRefuseThePlanRefusesToo() {
        ErrorInfo info = TestApi.refused(
                Status.Code.INVALID_ARGUMENT, "INVALID_FIELD", () -> plan(TestController.job("web", 0)));
        assertThat(info.getMetadataMap()).containsEntry("field", "spec.replicas");

        TestAgent h1 = controller.connected("h1");
        running(TestController.job("web", 1), h1);
        api.delete("web");
        TestApi.refused(Status.Code.FAILED_PRECONDITION, "WRONG_STATE", () -> plan(TestController.job("web", 1)));
    }

    // explain

    @Test
    void explainTellsScoresPastDecisionsAndOnRequestALiveOne() {
        TestAgent h1 = controller.connected("h1");
        api.apply(job("web", 1, spec -> spec.getVmBuilder().setMemoryMib(5_000)));
        assertThat(explain(false).getDecision().getSmallestFix().getHostName()).isEqualTo("h1");
        assertThat(explain(true).getQueue()).isEqualTo(explain(false).getQueue());
        assertThat(explain(false).getQueue().getVms()).isEqualTo(1);

        TestAgent h2 = controller.agent("h2").memoryMib(8_000);
        h2.connect();
        controller.pass(1_000);
        obey(h1, h2);

        ExplainVmResponse explained = explain(false);
        assertThat(explained.getDecision().getHostName()).isEqualTo("h2");
        assertThat(explained.getDecision().getBestList())
                .extracting(HostScore::getHostName)
                .containsExactly("h2");
        assertThat(explained.getDecision().getWhy()).contains("h2 is the only one of 2 hosts");
        assertThat(explained.getPastDecisionsList()).isNotEmpty();
        assertThat(explained.getPastDecisions(0).getHostId()).isEmpty();
        assertThat(explained.hasLiveDecision()).isFalse();

        ExplainVmResponse live = explain(true);
        assertThat(live.getLiveDecision().getHostName())
                .as("as if it were not there")
                .isEqualTo("h2");
        assertThat(live.getLiveDecision().getBestList()).hasSize(1);
        assertThat(live.getDecision()).isEqualTo(explained.getDecision());
    }

    private ExplainVmResponse explain(boolean live) {
        ExplainVmRequest request = ExplainVmRequest.newBuilder()
                .setNamespace("default")
                .setName("web-0")
                .setLive(live)
                .build();
        return api.settled(api.vmPlans.explainVm(request));
    }

    @Test
    void noMoreThanFourPastDecisionsAreKept() {
        controller.connected("h1");
        api.apply(job("web", 1, spec -> spec.getVmBuilder().setMemoryMib(100_000)));
        for (int more = 2; more < 9; more++) {
            controller.connected("h" + more); // each is one host more that does not fit: another decision
            controller.pass(2_500);
        }

        ExplainVmResponse explained = explain(false);

        assertThat(explained.getDecision().getHostsConsidered()).isEqualTo(8);
        assertThat(explained.getPastDecisionsList())
                .as("the latest first")
                .hasSize(4)
                .isSortedAccordingTo(
                        Comparator.comparing(Decision::getHostsConsidered).reversed())
                .allSatisfy(past -> assertThat(past.getHostsConsidered()).isGreaterThan(3));
    }

    @Test
    void aControllerWithTooManyCallsExplainsWithoutWhatTheControlThreadKnows() {
        controller.connected("h1");
        api.apply(job("web", 1, spec -> spec.getVmBuilder().setMemoryMib(100_000)));
        int calls = 0;
        while (controller.queue.offer(new ControlEvent.CallPrepared<>(Outlook.now(WEB_0), new CompletableFuture<>()))) {
            calls++;
        }
        assertThat(calls).isPositive();

        ExplainVmResponse explained = explain(false);

        assertThat(explained.getDecision().getRulesList()).isNotEmpty();
        assertThat(explained.hasQueue()).isFalse();
    }

    @Test
    void aVmThatIsNotThereIsNotExplained() {
        TestApi.refused(Status.Code.NOT_FOUND, "VM_NOT_FOUND", () -> explain(true));
        TestApi.refused(Status.Code.NOT_FOUND, "VM_NOT_FOUND", () -> explain(false));
    }

    // drain --dry-run

    private PreviewDrainResponse previewDrain(String host, int atOnce) {
        return api.settled(api.hostChanges.previewDrain(
                PreviewDrainRequest.newBuilder().setHost(host).setAtOnce(atOnce).build()));
    }

    @Test
    void aDrainIsPreviewedInWavesWithWhatStays() {
        TestAgent h1 = controller.connected("h1");
        running(TestController.job("web", 2), h1);
        RestartPolicy never = RestartPolicy.newBuilder()
                .setPolicy(RestartPolicy.Policy.POLICY_NEVER)
                .build();
        running(job("once", 1, spec -> spec.setRestart(never)), h1);
        controller.connected("h2");

        PreviewDrainResponse preview = previewDrain("h1", 0);

        assertThat(preview.getHost().getRecord().getName()).isEqualTo("h1");
        assertThat(preview.getWaves()).isEqualTo(2);
        assertThat(preview.getVmsList())
                .extracting(
                        DrainedVm::getName,
                        DrainedVm::getWave,
                        vm -> vm.getDecision().getHostName())
                .containsExactly(tuple("web-0", 1, "h2"), tuple("web-1", 2, "h2"), tuple("once-0", 0, ""));
        assertThat(preview.getVms(2).getReason()).contains("never restarted");
        assertThat(preview.getHost().getRecord().getCordoned()).isFalse();
        assertThat(h1.takeCommands()).isEmpty();
    }

    @Test
    void aVmThatNoOtherHostTakesStaysWithItsRules() {
        TestAgent h1 = controller.connected("h1");
        running(TestController.job("web", 1), h1);

        PreviewDrainResponse preview = previewDrain("h1", 0);

        assertThat(preview.getVms(0).getWave()).isZero();
        assertThat(preview.getVms(0).getReason()).isNotBlank();
        assertThat(preview.getVms(0).getDecision().getRulesList())
                .extracting(RuleOutcome::getRule)
                .containsExactly("drain");
    }

    @Test
    void aDrainOfNoHostOrOfTooManyAtOnceIsRefused() {
        TestApi.refused(Status.Code.NOT_FOUND, "HOST_NOT_FOUND", () -> previewDrain("h9", 0));
        for (int atOnce : new int[] {-1, 101}) {
            ErrorInfo info =
                    TestApi.refused(Status.Code.INVALID_ARGUMENT, "INVALID_FIELD", () -> previewDrain("h1", atOnce));
            assertThat(info.getMetadataMap()).containsEntry("field", "at_once");
        }
    }

    // capacity

    private static GetCapacityRequest.Builder flavor(int vcpus, long memoryMib) {
        return GetCapacityRequest.newBuilder()
                .setVcpus(vcpus)
                .setMemoryMib(memoryMib)
                .setAcceleration(Acceleration.newBuilder().setMode(Acceleration.Mode.MODE_ANY));
    }

    private GetCapacityResponse capacity(GetCapacityRequest.Builder request) {
        return api.settled(api.clusterChanges.getCapacity(request.build()));
    }

    @Test
    void capacityCountsWhatFitsNowAndAfterALoss() {
        for (String name : new String[] {"h1", "h2", "h3"}) {
            controller.agent(name).label("zone", name.equals("h3") ? "b" : "a").connect();
        }
        controller.pass(1_000);

        GetCapacityResponse capacity = capacity(flavor(1, 1_000).setLose(1).setBy("zone"));

        // 4096 MiB a host; each VM takes 1000 + 64 + 20 + 8.
        assertThat(capacity.getHosts()).isEqualTo(3);
        assertThat(capacity.getFitsNow()).isEqualTo(9);
        assertThat(capacity.getLostList()).containsExactly("a");
        assertThat(capacity.getFitsAfterLoss()).isEqualTo(3);
        assertThat(capacity.getLimitingRule()).isEqualTo("memory");
        assertThat(capacity.getRulesList())
                .extracting(RuleOutcome::getHostsRemoved)
                .containsExactly(3);
        assertThat(capacity.getDomainsList())
                .containsExactly(
                        CapacityDomain.newBuilder()
                                .setName("a")
                                .setHosts(2)
                                .setFitsNow(6)
                                .build(),
                        CapacityDomain.newBuilder()
                                .setName("b")
                                .setHosts(1)
                                .setFitsNow(3)
                                .setFitsAfterLoss(3)
                                .build());
    }

    @Test
    void onlyHostsWithTheLabelsCount() {
        controller.agent("h1").label("disk", "ssd").connect();
        controller.agent("h2").connect();
        controller.pass(1_000);

        assertThat(capacity(flavor(1, 1_000).putLabels("disk", "ssd")).getFitsNow())
                .isEqualTo(3);
        GetCapacityResponse kvm = capacity(flavor(1, 1_000).clearAcceleration());
        assertThat(kvm.getFitsNow()).isZero();
        assertThat(kvm.getLimitingRule()).isEqualTo("acceleration");
    }

    @Test
    void vmsOfALostHostLookForAPlaceFirst() {
        TestAgent h1 = controller.agent("h1").canLease();
        h1.connect();
        controller.pass(1_000);
        running(job("web", 1, spec -> spec.getVmBuilder().setMemoryMib(1_000)), h1);
        controller.connected("h2");
        boolean leased = controller.vm("web-0").record().getLeased();

        GetCapacityResponse capacity = capacity(flavor(1, 1_000).setLose(1));

        assertThat(capacity.getLostList()).as("of equal ones the first by name").containsExactly("h1");
        assertThat(capacity.getFitsNow()).isEqualTo(5);
        assertThat(capacity.getRestarted()).isEqualTo(leased ? 1 : 0);
        assertThat(capacity.getGone()).isEqualTo(leased ? 0 : 1);
        assertThat(capacity.getFitsAfterLoss()).isEqualTo(leased ? 2 : 3);
    }

    @Test
    void badQuestionsAboutCapacityAreRefusedByTheNameOfTheField() {
        refusedField("vcpus", flavor(0, 1));
        refusedField("vcpus", flavor(513, 1));
        refusedField("vcpus", flavor(3, 4).setNumaNodes(2));
        refusedField("memory_mib", flavor(1, 0));
        refusedField("memory_mib", flavor(1, -1));
        refusedField("memory_mib", flavor(2, 3).setNumaNodes(2));
        refusedField("memory_mib", flavor(1, 3).setHugepages(Hugepages.HUGEPAGES_2MI));
        refusedField("hugepages", flavor(1, 2).setHugepagesValue(99));
        refusedField(
                "acceleration.mode",
                flavor(1, 2).setAcceleration(Acceleration.newBuilder().setModeValue(99)));
        refusedField("driver", flavor(1, 2).setDriverValue(99));
        refusedField("numa_nodes", flavor(1, 2).setNumaNodes(9));
        refusedField("numa_nodes", flavor(1, 2).setNumaNodes(-1));
        refusedField("devices[0].kind", flavor(1, 2).addDevices(device("../gpu", 1)));
        refusedField("devices[0].count", flavor(1, 2).addDevices(device("gpu", 0)));
        refusedField(
                "devices[1].kind", flavor(1, 2).addDevices(device("gpu", 1)).addDevices(device("gpu", 1)));
        refusedField("labels", flavor(1, 2).putLabels("a b", "c"));
        refusedField("labels.a", flavor(1, 2).putLabels("a", ""));
        refusedField("lose", flavor(1, 2).setLose(1_001));
        refusedField("lose", flavor(1, 2).setLose(-1));
        refusedField("by", flavor(1, 2).setBy("a b"));
    }

    private static DeviceRequest device(String kind, int count) {
        return DeviceRequest.newBuilder().setKind(kind).setCount(count).build();
    }

    private void refusedField(String field, GetCapacityRequest.Builder request) {
        ErrorInfo info = TestApi.refused(Status.Code.INVALID_ARGUMENT, "INVALID_FIELD", () -> capacity(request));
        assertThat(info.getMetadataMap()).containsEntry("field", field);
    }

    // rebalance --dry-run

    @Test
    void aDryRebalanceTellsMovesAndMovesNothing() {
        TestAgent h1 = controller.connected("h1");
        running(job("web", 3, spec -> spec.setMaxUnavailable(3).getVmBuilder().setMemoryMib(1_000)), h1);
        TestAgent h2 = controller.connected("h2");

        RebalanceResponse answer = api.settled(api.clusterChanges.rebalance(RebalanceRequest.newBuilder()
                .setGoal(RebalanceGoal.REBALANCE_GOAL_EVEN)
                .setDryRun(true)
                .build()));

        assertThat(answer.getMovesList()).hasSize(1);
        assertThat(answer.getMovesList())
                .extracting(Move::getFromHost, Move::getToHost, Move::getNamespace)
                .containsOnly(tuple("h1", "h2", "default"));
        assertThat(answer.getMoves(0).getGainBasisPoints()).isPositive();
        assertThat(answer.getBefore().getMostBasisPoints())
                .isGreaterThan(answer.getAfter().getMostBasisPoints());
        controller.pass(2_000);
        assertThat(h1.takeCommands()).isEmpty();
        assertThat(h2.takeCommands()).isEmpty();
    }

    @Test
    void badRebalancesAreRefusedByTheNameOfTheField() {
        for (boolean dryRun : new boolean[] {true, false}) {
            refusedField("goal", RebalanceRequest.newBuilder().setDryRun(dryRun));
            refusedField("goal", RebalanceRequest.newBuilder().setDryRun(dryRun).setGoalValue(99));
            refusedField("max_moves", even(dryRun).setMaxMoves(1_001));
            refusedField("max_moves", even(dryRun).setMaxMoves(-1));
            refusedField("at_once", even(dryRun).setAtOnce(101));
        }
        refusedField("request_id", even(false).setRequestId("1"));
    }

    private static RebalanceRequest.Builder even(boolean dryRun) {
        return RebalanceRequest.newBuilder()
                .setRequestId(UUID.randomUUID().toString())
                .setDryRun(dryRun)
                .setGoal(RebalanceGoal.REBALANCE_GOAL_EVEN);
    }

    private void refusedField(String field, RebalanceRequest.Builder request) {
        if (request.getRequestId().isEmpty()) {
            request.setRequestId(UUID.randomUUID().toString());
        }
        ErrorInfo info = TestApi.refused(
                Status.Code.INVALID_ARGUMENT,
                "INVALID_FIELD",
                () -> api.settled(api.clusterChanges.rebalance(request.build())));
        assertThat(info.getMetadataMap()).containsEntry("field", field);
    }

    // how they are answered

    @Test
    void aPlanIsMadeOffTheControlThread() {
        Queue<Runnable> waiting = new ArrayDeque<>();
        TestController other = TestController.leading();
        try (TestApi slow = new TestApi(other, waiting::add)) {
            PlanJobRequest request = PlanJobRequest.newBuilder()
                    .setSpec(TestController.job("web", 1))
                    .build();
            ListenableFuture<PlanJobResponse> answer = slow.jobChanges.planJob(request);
            other.settle();
            assertThat(answer).isNotDone();
            waiting.remove().run();
            assertThat(answer).isDone();
        }
    }

    @Test
    void aThirdPlanAtOnceIsRefused() {
        Calls calls = new Calls(controller.loop, controller.queue, api.audit, Runnable::run, controller.time);

        assertThat(calls.<Integer>planned(() -> calls.planned(() -> 2))).isEqualTo(2);
        assertThatThrownBy(() -> calls.<Integer>planned(() -> calls.planned(() -> calls.planned(() -> 3))))
                .isInstanceOfSatisfying(
                        KelpieException.class,
                        refusal -> assertThat(refusal.reason()).isEqualTo(ErrorReason.ERROR_REASON_OVERLOADED));
        assertThat(calls.<Integer>planned(() -> calls.planned(() -> 2)))
                .as("a refusal uses nothing up")
                .isEqualTo(2);
    }

    @Test
    void aControllerThatDoesNotLeadPlansNothing() {
        TestController alone = new TestController(new MemoryCluster(UUID.randomUUID()), new TestTime(), "c1");
        try (TestApi other = new TestApi(alone)) {
            PlanJobRequest request = PlanJobRequest.newBuilder()
                    .setSpec(TestController.job("web", 1))
                    .build();
            TestApi.refused(
                    Status.Code.FAILED_PRECONDITION,
                    "NOT_LEADER",
                    () -> other.settled(other.jobChanges.planJob(request)));
        }
    }
}
