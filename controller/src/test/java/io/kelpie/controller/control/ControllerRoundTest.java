package io.kelpie.controller.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.kelpie.common.error.KelpieException;
import io.kelpie.controller.model.ControllerSet;
import io.kelpie.controller.store.memory.MemoryCluster;
import io.kelpie.proto.v1.AddControllerRequest;
import io.kelpie.proto.v1.AddControllerResponse;
import io.kelpie.proto.v1.Event;
import io.kelpie.proto.v1.RemoveControllerRequest;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** The set of controllers in the hands of a leader. */
class ControllerRoundTest {
    private final MemoryCluster cluster = new MemoryCluster(UUID.randomUUID());
    private final TestTime time = new TestTime();
    private final TestController c1 = new TestController(cluster, time, "c1");
    private final TestController c2 = new TestController(cluster, time, "c2");

    ControllerRoundTest() {
        c1.loop.start();
        c1.settle();
        c2.loop.start();
        c2.settle();
    }

    private static Operation add(String id) {
        return ClusterOperations.addController(AddControllerRequest.newBuilder()
                .setControllerId(id)
                .setAddress(id + ":7400")
                .build());
    }

    private static Operation remove(String id, boolean confirmed) {
        return ClusterOperations.removeController(RemoveControllerRequest.newBuilder()
                .setControllerId(id)
                .setConfirmedDead(confirmed)
                .build());
    }

    private static AddControllerResponse added(CompletableFuture<ByteString> answer) {
        try {
            return AddControllerResponse.parseFrom(answer.join());
        } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
    }

    private static ControllerSet committed(TestController controller) {
        return controller.controllers.set().orElseThrow();
    }

    private static List<String> events(TestController controller) {
        return controller.loop.view().orElseThrow().events().latest("cluster", 0, 100).stream()
                .map(Event::getType)
                .toList();
    }

    @Test
    void anAddedControllerMayLeadOnceAllHaveAcknowledged() {
        TestController c3 = new TestController(cluster, time, TestController.identity("c3", "c3"));
        c3.loop.start();
        CompletableFuture<ByteString> answer = c1.call(add("c3"));
        c1.pass(2_000);
        assertThat(added(answer).getChanged()).isTrue();
        assertThat(added(answer).getAwaitedList()).contains("c2");
        assertThat(committed(c1).awaited()).containsExactly("c1", "c2");

        c3.settle();
        c1.leadership.close(); // c2 has not read the set, c3 has
        c1.settle();
        c3.settle();
        assertThat(c3.loop.view()).isEmpty();

        c2.pass(2_000);
        assertThat(c2.loop.view()).isPresent();
        assertThat(committed(c2).awaited())
                .as("c1 has acknowledged, and c2 now")
                .isEmpty();
        assertThat(events(c2)).contains("ControllersSettled");
        c3.settle();
        c2.leadership.close();
        c3.settle();
        assertThat(c3.loop.view()).isPresent();
    }

    @Test
    void aSecondChangeWaitsForTheFirst() {
        c1.call(add("c3"));
        c1.pass(1_000);
        CompletableFuture<ByteString> second = c1.call(add("c4"));
        c1.settle();
        assertThatThrownBy(second::join)
                .hasCauseInstanceOf(KelpieException.class)
                .hasMessageContaining("waits for c2")
                .hasMessageContaining("remove c2 --confirm-dead");
        c1.call(remove("c2", true));
        c1.pass(1_000);
        assertThat(committed(c1).awaited()).isEmpty();
        assertThat(committed(c1).names()).isEqualTo("c1, c3");
    }

    @Test
    void aLeaderThatRemovesItselfAnswersAndMakesWayForGood() {
        CompletableFuture<ByteString> answer = c1.call(remove("c1", false));
        CompletableFuture<ByteString> behind = c1.apply(TestController.job("web", 1));
        c1.settle();
        assertThat(answer).isCompleted();
        assertThat(behind).isCompletedExceptionally();
        assertThat(c1.loop.view()).isEmpty();
        c2.settle();
        assertThat(c2.loop.view()).isPresent();
        assertThat(committed(c2).names()).isEqualTo("c2");
        c2.leadership.loseSession();
        c1.settle();
        assertThat(c1.loop.view()).isEmpty();
        c2.settle();
        assertThat(c2.loop.view()).isPresent();
    }

    /** From its removal on hosts do not ask it: it must not judge their leases any more, whenever that is known to it. */
    @Test
    void nothingIsWrittenBehindTheRemovalOfTheLeader() {
        TestAgent h1 = c1.connected("h1");
        h1.fallSilent();
        c1.pass(13_000);
        c1.store.setConnected(false);
        c1.call(remove("c1", false));
        c1.pass(3_000); // the lease has ended meanwhile
        c1.store.setConnected(true);
        c1.settle();
        c2.settle();
        assertThat(c2.loop.view()).isPresent();
        assertThat(committed(c2).names()).isEqualTo("c2");
        assertThat(c2.model().host("h1").orElseThrow().record().hasFencing()).isFalse();
    }

    @Test
    void aMemberThatDoesNotAnswerIsAWarning() {
        c1.unreachable = Map.of("c2", "c2:7400: UNAVAILABLE");
        c1.pass(1_000);
        assertThat(c1.loop.view().orElseThrow().warnings().list())
                .anySatisfy(warning -> assertThat(warning)
                        .startsWith("UnanimityDegraded: no answer of c2")
                        .contains("remove c2 --confirm-dead"));
        assertThat(events(c1)).containsOnlyOnce("UnanimityDegraded");
        c1.unreachable = Map.of();
        c1.pass(1_000);
        assertThat(c1.loop.view().orElseThrow().warnings().list()).isEmpty();
        assertThat(events(c1)).contains("UnanimityRestored");
    }
}
