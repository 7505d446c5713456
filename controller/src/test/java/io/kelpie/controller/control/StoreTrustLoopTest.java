package io.kelpie.controller.control;

import static io.kelpie.controller.control.TestController.job;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import io.kelpie.common.error.KelpieException;
import io.kelpie.controller.trust.ReadOnly;
import io.kelpie.controller.view.HostInfo;
import io.kelpie.proto.v1.Command;
import io.kelpie.proto.v1.ErrorReason;
import io.kelpie.proto.v1.InstancePhase;
import io.kelpie.proto.v1.Orphan;
import io.kelpie.proto.v1.OrphanAction;
import io.kelpie.proto.v1.ResolveOrphanRequest;
import io.kelpie.proto.v1.VmRecord;
import io.kelpie.proto.v1.VmState;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

/** A store that is silent, or that hosts know better than; and what no record explains. */
class StoreTrustLoopTest {
    private static final String STRANGER = "00000000-0000-4000-8000-0000000000aa";

    private final TestController controller = TestController.leading();

    private TestAgent running(String host, String name) {
        TestAgent agent = controller.connected(host);
        controller.apply(job(name, 1));
        controller.settle();
        Command start = agent.takeCommands().get(0);
        agent.accept(start);
        agent.runs(start);
        controller.settle();
        assertThat(controller.state(name + "-0")).isEqualTo(VmState.VM_STATE_RUNNING);
        return agent;
    }

    private static KelpieException failure(CompletableFuture<?> answer) {
        CompletionException failed = catchThrowableOfType(CompletionException.class, answer::join);
        assertThat(failed).isNotNull();
        return (KelpieException) Objects.requireNonNull(failed.getCause());
    }

    private List<Orphan> orphans(String host) {
        return controller.model().host(host).map(HostInfo::orphans).orElseThrow();
    }

    private CompletableFuture<ByteString> resolve(String host, String vmId, long incarnation, OrphanAction action) {
        CompletableFuture<ByteString> answer =
                controller.call(OrphanOperations.resolve(ResolveOrphanRequest.newBuilder()
                        .setHost(host)
                        .setVmId(vmId)
                        .setIncarnation(incarnation)
                        .setAction(action)
                        .build()));
        controller.settle();
        return answer;
    }

    @Test
    void aLeaderWithoutAStoreShowsWhatItKnewAndRefusesChanges() {
        running("h1", "web");
        controller.store.setConnected(false);
        controller.pass(6_000);
        assertThat(controller.loop.view()).isEmpty();

        Standing.Shown shown = controller.loop.standing().shown().orElseThrow();
        assertThat(shown.view().model().vms()).hasSize(1);
        assertThat(shown.stale().orElseThrow().sinceMillis()).isLessThan(controller.time.wallMillis() - 4_000);
        assertThat(shown.stale().orElseThrow().reason()).contains("does not answer");
        KelpieException refusal = controller.loop.standing().refusal().orElseThrow();
        assertThat(refusal.reason()).isEqualTo(ErrorReason.ERROR_REASON_STORE_UNAVAILABLE);
        CompletableFuture<ByteString> change = controller.apply(job("late", 1));
        controller.settle();
        assertThat(failure(change).reason()).isEqualTo(ErrorReason.ERROR_REASON_STORE_UNAVAILABLE);

        controller.store.setConnected(true);
        controller.pass(1_000);
        assertThat(controller.loop.standing().shown().orElseThrow().stale())
                .as("it leads again")
                .isEmpty();
    }

    @Test
    void whatAFormerLeaderKnewIsNotShownWhenTheStoreIsBackAndAnotherLeads() {
        TestController other = new TestController(controller.cluster, controller.time, "c2");
        other.loop.start();
        controller.store.setConnected(false);
        controller.pass(6_000);
        other.settle();
        assertThat(other.loop.view()).isPresent();
        assertThat(controller.loop.standing().shown().orElseThrow().stale()).isPresent();
        controller.store.setConnected(true);
        controller.settle();
        assertThat(controller.loop.standing().shown()).isEmpty();
        assertThat(controller.loop.standing().refusal().orElseThrow().reason())
                .isEqualTo(ErrorReason.ERROR_REASON_NOT_LEADER);
    }

    @Test
    void aHostThatHasObeyedALaterEpochOfThisClusterMakesTheLeaderReadOnly() {
        TestAgent agent = running("h1", "web");
        agent.disconnect();
        String cluster = controller.loop.view().orElseThrow().clusterUuid();
        agent.takeMessages();
        controller.agent("h1").clusterUuid(cluster).highestEpoch(99).connect();
        controller.settle();
        ReadOnly why = controller.leadership.readOnly().orElseThrow();
        assertThat(why.kind()).isEqualTo(ReadOnly.Kind.OLDER);
        assertThat(why.reason()).contains("h1").contains("99");
        assertThat(controller.loop.view()).isEmpty();
        assertThat(controller.loop.standing().refusal().orElseThrow().reason())
                .isEqualTo(ErrorReason.ERROR_REASON_READ_ONLY);
        assertThat(controller
                        .loop
                        .standing()
                        .shown()
                        .orElseThrow()
                        .stale()
                        .orElseThrow()
                        .reason())
                .isEqualTo(why.reason());

        assertThat(controller.leadership.acceptStore().join().epoch()).isGreaterThan(99);
        controller.settle();
        assertThat(controller.loop.view().orElseThrow().epoch()).isGreaterThan(99);
        assertThat(controller.leadership.readOnly()).isEmpty();
    }

    @Test
    void aLaterEpochThatALaterLeaderHasShownOnlyEndsTheTerm() {
        String cluster = controller.loop.view().orElseThrow().clusterUuid();
        TestController other = new TestController(controller.cluster, controller.time, "c2");
        other.loop.start();
        other.leadership.usurp();
        controller.agent("h1").clusterUuid(cluster).highestEpoch(2).connect();
        controller.settle();
        assertThat(controller.leadership.readOnly()).isEmpty();
    }

    @Test
    void aKnownHostOfAnotherClusterMakesTheLeaderReadOnlyAStrangerIsOnlyRefused() {
        controller.agent("h9").clusterUuid(UUID.randomUUID().toString()).connect();
        controller.settle();
        assertThat(controller.leadership.readOnly()).isEmpty();
        running("h1", "web").disconnect();
        controller.agent("h1").clusterUuid(UUID.randomUUID().toString()).connect();
        controller.settle();
        assertThat(controller.leadership.readOnly().orElseThrow().kind()).isEqualTo(ReadOnly.Kind.CONTRADICTED);
    }

    @Test
    void theKillOfAnOrphanIsSentAgainToAHostThatConnectsAnew() {
        TestAgent agent = controller.agent("h1").has(STRANGER, 4, InstancePhase.INSTANCE_PHASE_RUNNING);
        agent.connect();
        controller.settle();
        resolve("h1", STRANGER, 4, OrphanAction.ORPHAN_ACTION_KILL).join();
        agent.disconnect(); // and with it what was under way

        TestAgent again = controller.agent("h1").has(STRANGER, 4, InstancePhase.INSTANCE_PHASE_RUNNING);
        again.connect();
        controller.settle();
        assertThat(again.takeCommands()).singleElement().matches(Command::hasKill);
    }

    @Test
    void anInstanceOfAnUnknownVmIsListedAndCountedAndNeverKilled() {
        TestAgent agent = controller.agent("h1").memoryMib(1024).has(STRANGER, 4, InstancePhase.INSTANCE_PHASE_RUNNING);
        agent.sized(STRANGER, 1, 600).connect();
        controller.settle();
        assertThat(orphans("h1")).hasSize(1);
        assertThat(orphans("h1").get(0).getInstance().getIncarnation()).isEqualTo(4);
        assertThat(controller.model().host("h1").orElseThrow().reserved().getMemoryMib())
                .isGreaterThan(600);
        controller.apply(TestController.job("big", 1).toBuilder()
                .setVm(TestController.job("big", 1).getVm().toBuilder().setMemoryMib(500))
                .build());
        controller.pass(2_000);
        assertThat(agent.takeCommands()).as("no room beside the orphan").isEmpty();
        assertThat(controller.state("big-0")).isEqualTo(VmState.VM_STATE_PENDING);

        assertThat(failure(resolve("h1", STRANGER, 3, OrphanAction.ORPHAN_ACTION_KILL))
                        .reason())
                .isEqualTo(ErrorReason.ERROR_REASON_NO_INSTANCE);
        resolve("h1", STRANGER, 4, OrphanAction.ORPHAN_ACTION_KILL).join();
        assertThat(agent.takeCommands()).singleElement().matches(Command::hasKill);
        agent.reports(STRANGER, 4, InstancePhase.INSTANCE_PHASE_EXITED);
        controller.settle();
        assertThat(agent.takeCommands())
                .as("its files go, and its room is free")
                .anyMatch(Command::hasForget)
                .anyMatch(Command::hasStart);
        agent.forgot(STRANGER, 4);
        controller.settle();
        assertThat(orphans("h1")).isEmpty();
    }

    @Test
    void anOrphanIsAdoptedOnlyIfItsJobIsThereAndItsVmRunsNowhere() {
        TestAgent agent = controller.agent("h1");
        agent.has(STRANGER, 4, InstancePhase.INSTANCE_PHASE_RUNNING)
                .named(STRANGER, "default", "web", "web-0")
                .connect();
        controller.settle();
        assertThat(failure(resolve("h1", STRANGER, 4, OrphanAction.ORPHAN_ACTION_ADOPT))
                        .reason())
                .isEqualTo(ErrorReason.ERROR_REASON_JOB_NOT_FOUND);
        controller.apply(job("web", 1));
        controller.settle();
        assertThat(agent.takeCommands())
                .as("the new VM of that name is started")
                .isNotEmpty();
        assertThat(failure(resolve("h1", STRANGER, 4, OrphanAction.ORPHAN_ACTION_ADOPT))
                        .reason())
                .as("while it has an instance of its own")
                .isEqualTo(ErrorReason.ERROR_REASON_WRONG_STATE);
    }

    @Test
    void anOrphanTakesThePlaceOfAVmThatWasNeverStarted() {
        TestAgent agent = controller.agent("h1").memoryMib(1024);
        agent.has(STRANGER, 4, InstancePhase.INSTANCE_PHASE_RUNNING)
                .named(STRANGER, "default", "web", "web-0")
                .sized(STRANGER, 1, 800)
                .connect();
        controller.settle();
        controller.apply(job("web", 1));
        controller.pass(1_000);
        assertThat(controller.state("web-0")).isEqualTo(VmState.VM_STATE_PENDING);
        resolve("h1", STRANGER, 4, OrphanAction.ORPHAN_ACTION_ADOPT).join();
        VmRecord adopted = controller.vm("web-0").record();
        assertThat(adopted.getVmId()).isEqualTo(STRANGER);
        assertThat(adopted.getIncarnation()).isEqualTo(4);
        assertThat(adopted.getState()).isEqualTo(VmState.VM_STATE_RUNNING);
        assertThat(adopted.getHostId()).isEqualTo(agent.hostId());
        assertThat(orphans("h1")).isEmpty();
        controller.pass(5_000);
        assertThat(agent.takeCommands()).isEmpty();
    }

    @Test
    void afterAnAcceptanceNothingIsPlacedBeforeEachHostWasHeard() {
        TestAgent one = running("h1", "web");
        TestAgent two = controller.connected("h2");
        VmRecord web = controller.vm("web-0").record();
        String cluster = controller.loop.view().orElseThrow().clusterUuid();
        one.disconnect();
        two.disconnect();
        controller.agent("h1").clusterUuid(cluster).highestEpoch(50).connect();
        controller.settle();
        controller.leadership.acceptStore().join();
        controller.settle();
        controller.apply(job("new", 1));
        // h2 runs a later instance of web-0 than the record knows
        TestAgent twoAgain = controller.agent("h2").bootId("boot-1");
        twoAgain.has(web.getVmId(), 5, InstancePhase.INSTANCE_PHASE_RUNNING).connect();
        controller.pass(20_000);
        assertThat(controller.vm("web-0").record().getHostId()).isEqualTo(twoAgain.hostId());
        assertThat(controller.vm("web-0").record().getIncarnation()).isEqualTo(5);
        assertThat(controller.state("new-0")).isEqualTo(VmState.VM_STATE_PENDING);
        assertThat(Objects.requireNonNull(controller.vm("new-0").pendingDecision())
                        .getRules(0)
                        .getFix())
                .contains("h1");
        assertThat(controller.loop.view().orElseThrow().warnings().list()).anyMatch(w -> w.contains("h1"));

        TestAgent oneAgain = controller.agent("h1");
        oneAgain.has(web.getVmId(), 1, InstancePhase.INSTANCE_PHASE_RUNNING).connect();
        controller.pass(2_000);
        assertThat(oneAgain.takeCommands()).noneMatch(Command::hasKill);
        assertThat(orphans("h1")).as("alive beside the present instance").hasSize(1);
        assertThat(controller.loop.view().orElseThrow().warnings().list()).noneMatch(w -> w.contains("Recovering"));
        controller.pass(2_000);
        assertThat(controller.state("new-0")).isNotEqualTo(VmState.VM_STATE_PENDING);
        assertThat(oneAgain.takeCommands()).noneMatch(Command::hasKill);
        resolve("h1", web.getVmId(), 1, OrphanAction.ORPHAN_ACTION_KILL).join();
        assertThat(oneAgain.takeCommands()).anyMatch(Command::hasKill);
    }
}
