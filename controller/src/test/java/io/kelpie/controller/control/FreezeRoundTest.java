package io.kelpie.controller.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import io.kelpie.controller.store.memory.MemoryCluster;
import io.kelpie.controller.view.FreezeView;
import io.kelpie.controller.view.HostInfo;
import io.kelpie.proto.v1.FreezeClusterRequest;
import io.kelpie.proto.v1.FreezeClusterResponse;
import io.kelpie.proto.v1.HostHealth;
import io.kelpie.proto.v1.LeaseGrant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Leases without an end. */
class FreezeRoundTest {
    private final MemoryCluster cluster = new MemoryCluster(UUID.randomUUID());
    private final TestTime time = new TestTime();
    private final TestController c1 = new TestController(cluster, time, "c1");
    private final TestController c2 = new TestController(cluster, time, "c2");

    FreezeRoundTest() {
        c1.loop.start();
        c1.settle();
        c2.loop.start();
        c2.settle();
    }

    private static Operation freezing(int seconds) {
        return ClusterOperations.freeze(
                FreezeClusterRequest.newBuilder().setDurationSeconds(seconds).build());
    }

    private static FreezeClusterResponse freeze(TestController controller, int seconds) {
        var answer = controller.call(freezing(seconds));
        controller.settle();
        try {
            return FreezeClusterResponse.parseFrom(answer.join());
        } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
    }

    private static void thaw(TestController controller) {
        controller.call(ClusterOperations.thaw());
        controller.settle();
    }

    private static FreezeView.State shown(TestController controller) {
        return controller.loop.view().orElseThrow().freeze().state();
    }

    private static HostInfo info(TestController controller, String host) {
        return controller.model().host(host).orElseThrow();
    }

    @Test
    void hostsAreGrantedWithoutAnEndOnceTheirRecordsSaySo() {
        TestAgent h1 = c1.connected("h1");
        FreezeClusterResponse response = freeze(c1, 600);
        assertThat(response.getHostsAwaitedList()).containsExactly("h1");
        c1.pass(3_000);
        assertThat(h1.untilThaw()).isTrue();
        assertThat(info(c1, "h1").record().getUntilThaw()).isTrue();
        assertThat(shown(c1)).isEqualTo(new FreezeView.State(response.getUntilMillis(), List.of()));
    }

    @Test
    void aSilentHostIsNotFencedByTheEndOfALeaseThatHasNone() {
        TestAgent h1 = c1.connected("h1");
        freeze(c1, 86_400);
        c1.pass(3_000);
        h1.fallSilent();
        c1.pass(60_000);
        assertThat(info(c1, "h1").health()).isEqualTo(HostHealth.HOST_HEALTH_SUSPECT);
        thaw(c1);
        c1.pass(60_000);
        assertThat(info(c1, "h1").health()).isEqualTo(HostHealth.HOST_HEALTH_SUSPECT);
        assertThat(shown(c1)).isEqualTo(new FreezeView.State(0, List.of("h1")));
    }

    @Test
    void afterTheThawAHostIsAwaitedUntilItHasTakenALeaseThatEnds() {
        TestAgent h1 = c1.connected("h1");
        freeze(c1, 600);
        c1.pass(3_000);
        thaw(c1);
        assertThat(info(c1, "h1").record().getUntilThaw()).isTrue();
        c1.pass(3_000);
        assertThat(h1.untilThaw()).isFalse();
        assertThat(info(c1, "h1").record().getUntilThaw()).isFalse();
        assertThat(shown(c1)).isEqualTo(new FreezeView.State(0, List.of()));
        h1.fallSilent();
        c1.pass(20_000);
        assertThat(info(c1, "h1").health()).isEqualTo(HostHealth.HOST_HEALTH_FENCED);
    }

    @Test
    void theLeaderThawsByItself() {
        TestAgent h1 = c1.connected("h1");
        freeze(c1, 60);
        c1.pass(58_000);
        assertThat(h1.untilThaw()).isTrue();
        c1.pass(6_000);
        assertThat(h1.untilThaw()).isFalse();
        assertThat(shown(c1)).isEqualTo(new FreezeView.State(0, List.of()));
    }

    @Test
    void aFreezeOutlivesItsLeader() {
        TestAgent h1 = c1.connected("h1");
        FreezeClusterResponse response = freeze(c1, 600);
        c1.pass(3_000);
        c1.leadership.close();
        c1.settle();
        time.advanceMillis(120_000); // nobody leads, and the host goes on
        c2.pass(1_000);
        assertThat(shown(c2).untilMillis()).isEqualTo(response.getUntilMillis());
        TestAgent again = c2.agent("h1").holding(h1);
        again.connect();
        c2.pass(3_000);
        assertThat(again.untilThaw()).isTrue();
        assertThat(shown(c2).awaited()).isEmpty();
        thaw(c2);
        c2.pass(3_000);
        assertThat(again.untilThaw()).isFalse();
        assertThat(info(c2, "h1").record().getUntilThaw()).isFalse();
    }

    @Test
    void aHostThatJoinsAFrozenClusterIsFrozenToo() {
        freeze(c1, 600);
        TestAgent h2 = c1.connected("h2");
        c1.pass(2_000);
        assertThat(h2.untilThaw()).isTrue();
        assertThat(info(c1, "h2").record().getUntilThaw()).isTrue();
    }

    @Test
    void aFreezeThatIsTakenBackAtOnceLeavesNothingBehind() {
        TestAgent h1 = c1.connected("h1");
        c1.call(freezing(600));
        c1.call(ClusterOperations.thaw());
        c1.call(freezing(600));
        c1.call(ClusterOperations.thaw());
        c1.pass(5_000);
        assertThat(info(c1, "h1").record().getUntilThaw()).isFalse();
        assertThat(h1.grants()).noneMatch(LeaseGrant::getUntilThaw);
    }
}
