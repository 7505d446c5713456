package io.kelpie.controller.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.kelpie.controller.control.TestAgent;
import io.kelpie.controller.control.TestController;
import io.kelpie.controller.control.TestTime;
import io.kelpie.controller.store.memory.MemoryCluster;
import io.kelpie.proto.v1.ConfirmNotLeadingRequest;
import io.kelpie.proto.v1.ConfirmNotLeadingResponse;
import io.kelpie.proto.v1.GetStatusRequest;
import io.kelpie.proto.v1.GetStatusResponse;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What a controller answers to a host whose leader cannot grant. */
class NotLeadingTest {
    private static final UUID CLUSTER = UUID.fromString("6a1f0b1e-7f5c-4f3e-9a52-0d7c1b2a3e4f");

    private final MemoryCluster cluster = new MemoryCluster(CLUSTER);
    private final TestTime time = new TestTime();
    private final TestController c1 = new TestController(cluster, time, "c1");
    private final TestController c2 = new TestController(cluster, time, "c2");

    private static ConfirmNotLeadingResponse ask(TestController controller, UUID clusterUuid) {
        try (TestApi api = new TestApi(controller)) {
            return api.agentCalls.confirmNotLeading(ConfirmNotLeadingRequest.newBuilder()
                    .setClusterUuid(clusterUuid.toString())
                    .setHostId(controller.agent("h1").hostId())
                    .setHostName("h1")
                    .setBootId("boot-1")
                    .build());
        }
    }

    private void lead() {
        c1.loop.start();
        c1.settle();
        c2.loop.start();
        c2.settle();
    }

    @Test
    void oneThatHasReadNoSetGivesNoAnswer() {
        ConfirmNotLeadingResponse response = ask(c1, CLUSTER);
        assertThat(response.getNotLeading()).isFalse();
        assertThat(response.hasControllerSet()).isFalse();
        assertThat(response.getReason()).contains("has not read the set");
    }

    @Test
    void oneThatDoesNotLeadSaysSoWithTheSetThatItHasRead() {
        lead();
        ConfirmNotLeadingResponse response = ask(c2, CLUSTER);
        assertThat(response.getNotLeading()).isTrue();
        assertThat(response.getControllerId()).isEqualTo("c2");
        assertThat(response.getEpoch()).isEqualTo(1);
        assertThat(response.getControllerSet().getVersion()).isEqualTo(1);
        assertThat(response.getControllerSet().getMembersCount()).isEqualTo(2);
        assertThat(response.getLeaseMillis()).isEqualTo(12_000);
    }

    /** Another process is the controller of its id, and may lead as such: nothing is promised in its name. */
    @Test
    void oneThatIsNotTheControllerOfItsIdGivesNoAnswer() {
        lead();
        TestController copy = new TestController(
                cluster, time, TestController.identity("c2", "c1", "c2").heldBy("another-folder"));
        copy.loop.start();
        copy.settle();
        ConfirmNotLeadingResponse response = ask(copy, CLUSTER);
        assertThat(response.getNotLeading()).isFalse();
        assertThat(response.hasControllerSet()).isFalse();
        assertThat(response.getReason()).contains("another data folder (c2) is controller c2");
        assertThat(ask(c2, CLUSTER).getNotLeading()).isTrue();
    }

    @Test
    void itDoesNotNeedTheStore() {
        lead();
        c2.store.setConnected(false);
        c2.setStore.setConnected(false);
        c2.settle();
        assertThat(ask(c2, CLUSTER).getNotLeading()).isTrue();
    }

    @Test
    void aLeaderThatGrantsDoesNotSaySo() {
        lead();
        c1.connected("h1");
        ConfirmNotLeadingResponse response = ask(c1, CLUSTER);
        assertThat(response.getNotLeading()).isFalse();
        assertThat(response.getReason()).contains("leads");
    }

    @Test
    void aLeaderThatHasLostTheStoreSaysSoAndCountsFromThen() {
        lead();
        TestAgent h1 = c1.connected("h1");
        c1.store.setConnected(false);
        time.advanceMillis(3_000);
        assertThat(ask(c1, CLUSTER).getNotLeading()).isTrue();
        assertThat(c1.leases.lastPromiseNanos(h1.hostId())).hasValue(time.nanoTime());
    }

    @Test
    void hostsOfOtherClustersAreRefused() {
        lead();
        TestApi.refused(Status.Code.FAILED_PRECONDITION, "WRONG_CLUSTER", () -> ask(c2, UUID.randomUUID()));
    }

    @Test
    void theStatusShowsTheSetAndWhyOneCannotLead() {
        lead();
        TestController c9 = new TestController(cluster, time, TestController.identity("c9", "c9"));
        try (TestApi api = new TestApi(c9)) {
            GetStatusResponse status = api.cluster.getStatus(GetStatusRequest.getDefaultInstance());
            assertThat(status.getControllerSet().getMembersCount()).isEqualTo(2);
            assertThat(status.getWarningsList())
                    .anySatisfy(warning -> assertThat(warning)
                            .startsWith("cannot lead: controller c9 is no member")
                            .contains("kelpie cluster controllers add c9 c9:7400"));
        }
    }
}
