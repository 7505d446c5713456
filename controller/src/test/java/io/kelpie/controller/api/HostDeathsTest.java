package io.kelpie.controller.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.util.concurrent.ListenableFuture;
import com.google.rpc.ErrorInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.kelpie.controller.control.TestAgent;
import io.kelpie.controller.control.TestController;
import io.kelpie.controller.control.TestSets;
import io.kelpie.controller.fence.FenceFailedException;
import io.kelpie.proto.v1.ApplyJobRequest;
import io.kelpie.proto.v1.ClusterServiceGrpc;
import io.kelpie.proto.v1.Command;
import io.kelpie.proto.v1.ConfirmHostDeadRequest;
import io.kelpie.proto.v1.ConfirmHostDeadResponse;
import io.kelpie.proto.v1.DataDisk;
import io.kelpie.proto.v1.FenceHostRequest;
import io.kelpie.proto.v1.FenceHostResponse;
import io.kelpie.proto.v1.Fencing;
import io.kelpie.proto.v1.GetHostContactRequest;
import io.kelpie.proto.v1.GetHostContactResponse;
import io.kelpie.proto.v1.GetJobRequest;
import io.kelpie.proto.v1.HostHealth;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.RemoveHostRequest;
import io.kelpie.proto.v1.RemoveHostResponse;
import io.kelpie.proto.v1.ScaleJobRequest;
import io.kelpie.proto.v1.ScaleJobResponse;
import io.kelpie.proto.v1.VmState;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BooleanSupplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** confirm-dead, fence and rm, from the call to the records. */
class HostDeathsTest {
    private final ExecutorService slow = Executors.newCachedThreadPool();
    private TestApi api;
    private TestController controller;
    private TestAgent agent;
    private TestAgent first;

    /** Two VMs run on h1; nobody has leases here that could end by themselves. */
    @BeforeEach
    void twoVmsOnAHost() {
        api = new TestApi(TestController.leading(), slow);
        controller = api.controller;
        TestSets.commit(controller, "c1", "c2", "c3");
        api.peers.listensFor("c2", 600_000);
        api.peers.listensFor("c3", 600_000);
        agent = api.running("web", 2);
        first = agent;
        api.contacts.heard(agent.hostId());
    }

    @AfterEach
    void close() {
        api.close();
        slow.shutdownNow();
    }

    private static String id() {
        return UUID.randomUUID().toString();
    }

    private ListenableFuture<ConfirmHostDeadResponse> confirm() {
        return confirm(id());
    }

    private ListenableFuture<ConfirmHostDeadResponse> confirm(String requestId) {
        return api.hostChanges.confirmHostDead(ConfirmHostDeadRequest.newBuilder()
                .setRequestId(requestId)
                .setHost("h1")
                .build());
    }

    private ListenableFuture<FenceHostResponse> fence(String requestId) {
        return api.hostChanges.fenceHost(FenceHostRequest.newBuilder()
                .setRequestId(requestId)
                .setHost("h1")
                .build());
    }

    private ListenableFuture<RemoveHostResponse> remove(String host) {
        return api.hostChanges.removeHost(
                RemoveHostRequest.newBuilder().setRequestId(id()).setHost(host).build());
    }

    /** What a call gives whose middle runs on other threads. */
    private <T> T done(ListenableFuture<T> answer) {
        until(answer::isDone);
        return api.settled(answer);
    }

    private void until(BooleanSupplier condition) {
        Awaitility.await().until(() -> {
            controller.settle();
            return condition.getAsBoolean();
        });
    }

    private ErrorInfo refused(Status.Code code, String reason, ListenableFuture<?> answer) {
        return TestApi.refused(code, reason, () -> done(answer));
    }

    /** The host is gone, and the longest silence that is asked for has passed. */
    private void silent() {
        agent.disconnect();
        controller.pass(61_000);
    }

    private List<VmState> states() {
        return List.of(controller.state("web-0"), controller.state("web-1"));
    }

    private HostHealth health() {
        return controller.model().host("h1").orElseThrow().health();
    }

    private Fencing.Cause cause() {
        return controller.model().host("h1").orElseThrow().record().getFencing().getCause();
    }

    // ---- confirm-dead ----

    @Test
    void aHostThatNobodyHasHeardIsDeadByTheOperatorsWordAndAllItsVmsAreFreed() {
        silent();

        ConfirmHostDeadResponse response = done(confirm());

        assertThat(response.getVmsFreed()).isEqualTo(2);
        assertThat(states()).containsOnly(VmState.VM_STATE_PENDING);
        assertThat(controller.vm("web-0").record().getIncarnation()).isEqualTo(2);
        assertThat(cause()).isEqualTo(Fencing.Cause.CAUSE_CONFIRMED_DEAD);
        controller.pass(1_000);
        assertThat(health()).isEqualTo(HostHealth.HOST_HEALTH_FENCED);
        assertThat(api.peers.asked)
                .containsExactlyInAnyOrder("c2 " + agent.hostId() + " 2000", "c3 " + agent.hostId() + " 2000");
        assertThat(api.audit.entries).last().satisfies(entry -> {
            assertThat(entry.method()).isEqualTo("ConfirmHostDead");
            assertThat(entry.subject()).isEqualTo("host/h1");
        });
        assertThat(api.audit.outcomes.get(api.audit.outcomes.size() - 1)).endsWith(" done");
    }

    @Test
    void aLivingHostIsNotDead() {
        ErrorInfo refusal = refused(Status.Code.FAILED_PRECONDITION, "HOST_ALIVE", confirm());

        assertThat(refusal.getMetadataMap()).containsEntry("controller", "c1").containsKey("millis_ago");
        assertThat(refusal.getMetadataOrThrow("fix")).contains("kelpie host fence h1");
        assertThat(states()).containsOnly(VmState.VM_STATE_RUNNING);
        assertThat(api.peers.asked).as("its own knowledge is enough").isEmpty();
        assertThat(api.audit.outcomes.get(api.audit.outcomes.size() - 1)).endsWith(" refused: HOST_ALIVE");
    }

    @Test
    void aHostThatAnotherControllerHasHeardIsNotDead() {
        silent();
        api.peers.heard("c3", 1_234);

        ErrorInfo refusal = refused(Status.Code.FAILED_PRECONDITION, "HOST_ALIVE", confirm());

        assertThat(refusal.getMetadataMap()).containsEntry("controller", "c3").containsEntry("millis_ago", "1234");
        assertThat(refusal.getMetadataOrThrow("fix")).contains("59 s");
        assertThat(cause()).isNotEqualTo(Fencing.Cause.CAUSE_CONFIRMED_DEAD);
    }

    @Test
    void theSilenceMustHaveLastedForAMinute() {
        silent();
        api.peers.heard("c2", 59_999);
        refused(Status.Code.FAILED_PRECONDITION, "HOST_ALIVE", confirm());

        api.peers.heard("c2", 60_000);
        assertThat(done(confirm()).getVmsFreed()).isEqualTo(2);
    }

    @Test
    void aControllerThatWasStartedLatelyCannotKnow() {
        silent();
        api.peers.listensFor("c2", 12_000);

        ErrorInfo refusal = refused(Status.Code.FAILED_PRECONDITION, "HOST_ALIVE", confirm());

        assertThat(refusal.getMetadataMap()).containsEntry("controller", "c2").containsEntry("millis_ago", "12000");
        assertThat(refusal.getMetadataOrThrow("fix")).isEqualTo("ask again in 48 s");
    }

    @Test
    void aControllerThatDoesNotAnswerIsNamedWithTheNextStep() {
        silent();
        TestSets.commit(controller, "c1", "c2", "c4");

        ErrorInfo refusal = refused(Status.Code.FAILED_PRECONDITION, "HOST_ALIVE", confirm());

        assertThat(refusal.getMetadataMap()).containsEntry("controller", "c4");
        assertThat(refusal.getMetadataOrThrow("fix"))
                .contains("start controller c4")
                .contains("kelpie cluster controllers remove c4 --confirm-dead");
        assertThat(cause()).isNotEqualTo(Fencing.Cause.CAUSE_CONFIRMED_DEAD);
    }

    @Test
    void aHostThatIsHeardWhileTheOthersAreAskedIsNotDead() {
        silent();
        api.peers.whenAsked = () -> api.contacts.heard(agent.hostId());

        refused(Status.Code.FAILED_PRECONDITION, "HOST_ALIVE", confirm());

        assertThat(cause()).isNotEqualTo(Fencing.Cause.CAUSE_CONFIRMED_DEAD);
    }

    @Test
    void aControllerThatJoinsWhileTheOthersAreAskedMustBeAskedToo() throws InterruptedException {
        silent();
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch joined = new CountDownLatch(1);
        api.peers.whenAsked = () -> {
            asked.countDown();
            awaitUnchecked(joined);
        };
        ListenableFuture<ConfirmHostDeadResponse> answer = confirm();
        until(() -> asked.getCount() == 0);
        TestSets.commit(controller, "c1", "c2", "c3", "c4");
        joined.countDown();

        ErrorInfo refusal = refused(Status.Code.FAILED_PRECONDITION, "WRONG_STATE", answer);

        assertThat(refusal.getMetadataOrThrow("fix")).isEqualTo("ask again");
    }

    @Test
    void theSameWordTwiceIsTakenOnce() {
        silent();
        String requestId = id();
        ConfirmHostDeadResponse first = done(confirm(requestId));
        api.peers.heard("c2", 10);

        assertThat(done(confirm(requestId))).as("answered from the record").isEqualTo(first);
        assertThat(controller.vm("web-0").record().getIncarnation()).isEqualTo(2);
    }

    @Test
    void anUnknownHostIsNotFound() {
        refused(
                Status.Code.NOT_FOUND,
                "HOST_NOT_FOUND",
                api.hostChanges.confirmHostDead(ConfirmHostDeadRequest.newBuilder()
                        .setRequestId(id())
                        .setHost("h9")
                        .build()));
    }

    @Test
    void everyControllerSaysWhenItHeardAHost() {
        ClusterServiceGrpc.ClusterServiceBlockingStub cluster = ClusterServiceGrpc.newBlockingStub(api.channel());
        controller.time.advanceMillis(1_500);

        GetHostContactResponse contact = cluster.getHostContact(
                GetHostContactRequest.newBuilder().setHostId(agent.hostId()).build());
        assertThat(contact)
                .isEqualTo(GetHostContactResponse.newBuilder()
                        .setControllerId("c1")
                        .setHeard(true)
                        .setMillisAgo(1_500)
                        .build());
        GetHostContactResponse stranger = cluster.getHostContact(
                GetHostContactRequest.newBuilder().setHostId(id()).build());
        assertThat(stranger.getHeard()).isFalse();
        assertThat(stranger.getMillisAgo()).isEqualTo(api.contacts.listeningMillis());
        TestApi.refused(
                Status.Code.INVALID_ARGUMENT,
                "INVALID_FIELD",
                () -> cluster.getHostContact(
                        GetHostContactRequest.newBuilder().setHostId("h1").build()));
    }

    // ---- fence ----

    @Test
    void aHostThatThePluginHasConfirmedToBeOffIsFencedAndAllItsVmsAreFreed() {
        FenceHostResponse response = done(fence(id()));

        assertThat(response.getVmsFreed()).isEqualTo(2);
        assertThat(states()).containsOnly(VmState.VM_STATE_PENDING);
        assertThat(cause()).isEqualTo(Fencing.Cause.CAUSE_POWERED_OFF);
        assertThat(api.plugin.targets).singleElement().satisfies(target -> {
            assertThat(target.hostId()).isEqualTo(agent.hostId());
            assertThat(target.hostName()).isEqualTo("h1");
        });
        assertThat(agent.closedFor()).as("its stream is of no use any more").isPresent();
        assertThat(controller.leases.isClosed(agent.hostId())).isFalse();
    }

    @Test
    void whileThePluginRunsNothingIsPromisedOrPlacedThereAndOthersGoOn() {
        CountDownLatch off = hold();
        ListenableFuture<FenceHostResponse> answer = fence(id());
        until(() -> !api.plugin.targets.isEmpty());

        assertThat(controller.leases.isClosed(agent.hostId())).isTrue();
        agent.takeCommands();
        int grants = agent.grants().size();
        controller.pass(3_000);
        api.apply("default", "more", 1);
        controller.pass(2_000);
        assertThat(agent.takeCommands()).as("nothing is started there").isEmpty();
        assertThat(agent.grants()).as("nothing is promised").hasSize(grants);
        assertThat(health()).isEqualTo(HostHealth.HOST_HEALTH_SUSPECT);
        TestAgent other = controller.connected("h2");
        assertThat(other.takeCommands()).as("another host takes it").isNotEmpty();
        assertThat(states()).as("nobody is freed before it is off").containsOnly(VmState.VM_STATE_RUNNING);
        assertThat(answer).isNotDone();

        off.countDown();
        assertThat(done(answer).getVmsFreed()).isEqualTo(2);
    }

    @Test
    void aFenceThatFailsFreesNobodyAndTheHostGoesOn() {
        api.plugin.body = target -> {
            throw new FenceFailedException("host h1 is not confirmed to be off: exit code 1: no route");
        };

        ErrorInfo refusal = refused(Status.Code.FAILED_PRECONDITION, "FENCE_FAILED", fence(id()));

        assertThat(refusal.getMetadataOrThrow("fix")).contains("kelpie host confirm-dead h1");
        until(() -> !controller.leases.isClosed(agent.hostId()));
        assertThat(states()).containsOnly(VmState.VM_STATE_RUNNING);
        controller.pass(2_000);
        assertThat(health()).isEqualTo(HostHealth.HOST_HEALTH_READY);

        api.plugin.body = target -> {};
        assertThat(done(fence(id())).getVmsFreed())
                .as("and it can be tried again")
                .isEqualTo(2);
    }

    @Test
    void theSameRequestJoinsItsRunAndAnotherIsRefused() {
        CountDownLatch off = hold();
        String requestId = id();
        ListenableFuture<FenceHostResponse> first = fence(requestId);
        until(() -> !api.plugin.targets.isEmpty());
        ListenableFuture<FenceHostResponse> again = fence(requestId);
        ErrorInfo refusal = refused(Status.Code.FAILED_PRECONDITION, "WRONG_STATE", fence(id()));
        assertThat(refusal.getMetadataMap()).containsEntry("state", "POWERING_OFF");
        off.countDown();

        assertThat(done(first)).isEqualTo(done(again));
        assertThat(done(fence(requestId))).as("and later from the record").isEqualTo(done(first));
        assertThat(api.plugin.targets).hasSize(1);
        assertThat(controller.vm("web-0").record().getIncarnation()).isEqualTo(2);
    }

    @Test
    void anOffThatIsConfirmedInALaterTermFreesNobody() {
        CountDownLatch off = hold();
        String requestId = id();
        ListenableFuture<FenceHostResponse> answer = fence(requestId);
        until(() -> !api.plugin.targets.isEmpty());
        controller.leadership.loseSession();
        until(() -> controller.loop.view().isPresent());
        ListenableFuture<FenceHostResponse> again = fence(requestId);
        refused(Status.Code.FAILED_PRECONDITION, "FENCE_FAILED", again);
        off.countDown();

        ErrorInfo refusal = refused(Status.Code.FAILED_PRECONDITION, "FENCE_FAILED", answer);

        assertThat(refusal.getMetadataOrThrow("fix")).isEqualTo("fence it again");
        assertThat(cause()).isNotEqualTo(Fencing.Cause.CAUSE_POWERED_OFF);
        assertThat(controller.vm("web-0").record().getIncarnation()).isEqualTo(1);
    }

    @Test
    void theDeathOfAHostThatIsBeingPoweredOffIsNotTakenOnTrust() {
        silent();
        CountDownLatch off = hold();
        ListenableFuture<FenceHostResponse> answer = fence(id());
        until(() -> !api.plugin.targets.isEmpty());

        refused(Status.Code.FAILED_PRECONDITION, "WRONG_STATE", confirm());
        refused(Status.Code.FAILED_PRECONDITION, "WRONG_STATE", remove("h1"));
        off.countDown();
        done(answer);
    }

    private CountDownLatch hold() {
        CountDownLatch off = new CountDownLatch(1);
        api.plugin.body = target -> off.await();
        return off;
    }

    // ---- rm ----

    @Test
    void aHostThatIsConnectedOrHasVmsIsNotRemoved() {
        ErrorInfo connected = refused(Status.Code.FAILED_PRECONDITION, "WRONG_STATE", remove("h1"));
        assertThat(connected.getMetadataMap()).containsEntry("state", "CONNECTED");
        agent.disconnect();
        controller.settle();

        ErrorInfo inUse = refused(Status.Code.FAILED_PRECONDITION, "WRONG_STATE", remove("h1"));

        assertThat(inUse.getMetadataMap()).containsEntry("state", "IN_USE");
        assertThat(inUse.getMetadataOrThrow("fix")).contains("kelpie host confirm-dead h1");
        assertThat(controller.model().host("h1")).isPresent();
    }

    @Test
    void aHostWithKeptDisksIsNotRemovedBeforeTheyAreGivenUp() {
        agent = api.controller.connected("h2");
        JobSpec.Builder spec = TestController.job("db", 1).toBuilder();
        spec.getVmBuilder()
                .addDisks(DataDisk.newBuilder()
                        .setName("data")
                        .setSizeMib(64)
                        .setPool("default")
                        .setKeep(true));
        api.apply(spec.build());
        controller.settle();
        String hostName = controller.vm("db-0").record().getHostId().equals(agent.hostId()) ? "h2" : "h1";
        TestAgent holder = hostName.equals("h2") ? agent : first;
        List<Command> starts = holder.takeCommands();
        starts.forEach(start -> {
            holder.accept(start);
            holder.runsWithKeptDisks(start);
        });
        controller.settle();
        assertThat(controller.vm("db-0").record().getKeptDisks()).isTrue();
        holder.disconnect();
        controller.pass(61_000);
        done(api.hostChanges.confirmHostDead(ConfirmHostDeadRequest.newBuilder()
                .setRequestId(id())
                .setHost(hostName)
                .build()));
        controller.pass(1_000);

        ErrorInfo refusal = refused(Status.Code.FAILED_PRECONDITION, "WRONG_STATE", remove(hostName));

        assertThat(refusal.getMetadataMap()).containsEntry("state", "HAS_DISKS");
        assertThat(refusal.getMetadataOrThrow("fix")).contains("--delete-disks");
        api.delete("db");
        controller.pass(1_000);
        assertThat(controller.hasVm("db-0"))
                .as("its files are on a host that does not answer")
                .isTrue();
        done(remove(hostName));
        controller.pass(1_000);
        assertThat(controller.model().host(hostName)).isEmpty();
        assertThat(controller.hasVm("db-0")).isFalse();
        assertThat(controller.hasJob("db")).isFalse();
    }

    @Test
    void anEmptyHostIsRemovedWithItsRecordsAndMayJoinAgain() {
        silent();
        done(confirm());

        done(remove("h1"));

        assertThat(controller.model().host("h1")).isEmpty();
        assertThat(controller.store.readHosts().join()).isEmpty();
        assertThat(controller.store.readCapabilities().join()).isEmpty();
        TestApi.refused(Status.Code.NOT_FOUND, "HOST_NOT_FOUND", () -> done(remove("h1")));
        assertThat(states()).as("they wait for another host").containsOnly(VmState.VM_STATE_PENDING);
        TestAgent again = controller.connected("h1");
        assertThat(again.takeCommands()).as("what it runs now is new").hasSize(2);
        assertThat(controller.model().hosts()).containsOnlyKeys("h1");
    }

    // ---- audit ----

    @Test
    void whatCannotBeAuditedIsNotDone() {
        api.audit.full = true;
        silent();

        StatusRuntimeException failure = failure(confirm());
        assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(failure.getStatus().getDescription())
                .contains("audit log cannot be written (No space left on device); nothing was changed");
        refused(Status.Code.UNAVAILABLE, "STORE_UNAVAILABLE", fence(id()));
        refused(Status.Code.UNAVAILABLE, "STORE_UNAVAILABLE", remove("h1"));
        refused(
                Status.Code.UNAVAILABLE,
                "STORE_UNAVAILABLE",
                api.jobChanges.applyJob(ApplyJobRequest.newBuilder()
                        .setRequestId(id())
                        .setSpec(TestController.job("other", 1))
                        .build()));

        assertThat(api.plugin.targets).isEmpty();
        assertThat(cause()).isNotEqualTo(Fencing.Cause.CAUSE_CONFIRMED_DEAD);
        assertThat(controller.hasJob("other")).isFalse();
    }

    @Test
    void everyChangeIsKeptWithItsIdBeforeItIsDone() {
        api.audit.entries.clear();
        ScaleJobRequest request = ScaleJobRequest.newBuilder()
                .setRequestId(id())
                .setNamespace("default")
                .setName("web")
                .setReplicas(1)
                .build();
        ListenableFuture<ScaleJobResponse> answer = api.jobChanges.scaleJob(request);
        assertThat(answer).as("not decided yet").isNotDone();
        assertThat(api.audit.entries).singleElement().satisfies(entry -> {
            assertThat(entry.requestId()).isEqualTo(request.getRequestId());
            assertThat(entry.method()).isEqualTo("ScaleJob");
            assertThat(entry.subject()).isEqualTo("job/default/web");
            assertThat(entry.detail()).isEqualTo("replicas=1");
        });
        done(answer);
        assertThat(api.audit.outcomes).contains(request.getRequestId() + " done");

        api.jobs.getJob(GetJobRequest.newBuilder()
                .setNamespace("default")
                .setName("web")
                .build());
        assertThat(api.audit.entries).as("a read is no change").hasSize(1);
    }

    private StatusRuntimeException failure(ListenableFuture<?> answer) {
        try {
            done(answer);
        } catch (StatusRuntimeException e) {
            return e;
        }
        throw new AssertionError("no failure");
    }

    private static void awaitUnchecked(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
