package io.kelpie.controller.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.kelpie.controller.control.TestAgent;
import io.kelpie.controller.view.VmView;
import io.kelpie.proto.v1.Command;
import io.kelpie.proto.v1.ListVmsRequest;
import io.kelpie.proto.v1.Vm;
import io.kelpie.proto.v1.VmState;
import io.kelpie.proto.v1.WatchVmsRequest;
import io.kelpie.proto.v1.WatchVmsResponse;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WatchTest {
    private static final int MANY = 1_000;
    private static final int CHANGES_REMEMBERED = 16_384;

    private final TestApi api = TestApi.leading();

    @AfterEach
    void close() {
        api.close();
    }

    private Received<WatchVmsRequest, WatchVmsResponse> watch(WatchVmsRequest.Builder request, int first) {
        Received<WatchVmsRequest, WatchVmsResponse> received = new Received<>(first);
        api.vmStreams.watchVms(request.build(), received);
        return received;
    }

    private static List<String> changed(List<WatchVmsResponse> responses) {
        return responses.stream()
                .flatMap(response -> response.getChangedList().stream())
                .map(Vm::getName)
                .toList();
    }

    @Test
    void beginsWithAllVmsAndGoesOnWithEachChange() {
        api.apply("default", "web", 2);
        var watch = watch(WatchVmsRequest.newBuilder(), MANY);
        List<WatchVmsResponse> initial = watch.taken();
        assertThat(changed(initial)).containsExactly("web-0", "web-1");
        assertThat(initial.get(initial.size() - 1).getSynced()).isTrue();

        api.controller.connected("h1");
        List<WatchVmsResponse> placed = watch.taken();
        assertThat(changed(placed)).contains("web-0", "web-1").doesNotContain("other-0");
        assertThat(placed)
                .isNotEmpty()
                .allSatisfy(response -> assertThat(response.getSynced()).isTrue());
        assertThat(placed.get(placed.size() - 1).getChangedList())
                .allSatisfy(vm -> assertThat(vm.getRecord().getState()).isEqualTo(VmState.VM_STATE_PLACED));
        assertThat(placed).extracting(WatchVmsResponse::getVersion).isSorted();
    }

    @Test
    void anEmptyClusterIsInStepAtOnce() {
        assertThat(watch(WatchVmsRequest.newBuilder(), MANY).taken())
                .singleElement()
                .satisfies(response -> assertThat(response.getSynced()).isTrue());
    }

    @Test
    void manyVmsComeInPieces() {
        api.apply("default", "web", 201);
        List<WatchVmsResponse> initial =
                watch(WatchVmsRequest.newBuilder(), MANY).taken();
        assertThat(initial).extracting(WatchVmsResponse::getChangedCount).containsExactly(100, 100, 1);
        assertThat(initial).extracting(WatchVmsResponse::getSynced).containsExactly(false, false, true);
    }

    @Test
    void goesOnFromAVersionWithoutRepeatingWhatWasSeen() {
        api.apply("default", "old", 1);
        long version = api.vms.listVms(ListVmsRequest.getDefaultInstance()).getVersion();
        var watch = watch(WatchVmsRequest.newBuilder().setFromVersion(version), MANY);
        assertThat(watch.taken()).isEmpty();
        api.apply("default", "web", 1);
        assertThat(changed(watch.taken())).contains("web-0").doesNotContain("old-0");
    }

    @Test
    void saysWhatIsGone() {
        api.apply("default", "web", 1);
        var watch = watch(WatchVmsRequest.newBuilder(), MANY);
        watch.taken();
        api.delete("web");
        List<WatchVmsResponse> responses = watch.taken();
        assertThat(responses.stream().flatMap(response -> response.getGoneList().stream()))
                .containsExactly("default/web-0");
    }

    @Test
    void showsOnlyWhatIsAskedFor() {
        api.apply("default", "web", 2);
        api.apply("zoo", "web", 2);
        api.apply("zoo", "db", 1);
        assertThat(watch(WatchVmsRequest.newBuilder().setNamespace("zoo"), MANY).taken().stream()
                        .flatMap(response -> response.getChangedList().stream())
                        .map(vm -> vm.getRecord().getNamespace()))
                .containsExactly("zoo", "zoo", "zoo");
        var one = watch(
                WatchVmsRequest.newBuilder().setNamespace("zoo").setJob("web").setName("web-1"), MANY);
        assertThat(changed(one.taken())).containsExactly("web-1");
        api.apply("zoo", "other", 1);
        assertThat(one.taken()).isEmpty();
    }

    @Test
    void sendsNoMoreThanIsTaken() {
        api.apply("default", "web", 201);
        var watch = watch(WatchVmsRequest.newBuilder(), 1);
        assertThat(watch.taken()).hasSize(1);
        watch.take(1);
        assertThat(watch.taken()).hasSize(1);
        watch.take(MANY);
        assertThat(watch.taken())
                .singleElement()
                .satisfies(last -> assertThat(last.getSynced()).isTrue());
    }

    @Test
    void changesThatWaitAreJoined() {
        TestAgent agent = api.controller.connected("h1");
        var watch = watch(WatchVmsRequest.newBuilder(), 1);
        watch.taken();
        api.apply("default", "web", 1);
        Command start = agent.takeCommands().get(0);
        agent.accept(start);
        api.controller.settle();
        agent.runs(start);
        api.controller.settle();
        watch.take(1);
        assertThat(watch.taken())
                .singleElement()
                .satisfies(response -> assertThat(response.getChangedList())
                        .singleElement()
                        .satisfies(vm -> assertThat(vm.getRecord().getState()).isEqualTo(VmState.VM_STATE_RUNNING)));
    }

    @Test
    void aReaderThatFallsTooFarBehindIsCutOff() {
        api.apply("default", "web", 1);
        var watch = watch(WatchVmsRequest.newBuilder(), 1);
        assertThat(watch.taken()).hasSize(1);
        VmView vm = api.controller.vm("web-0");
        for (int i = 0; i <= CHANGES_REMEMBERED; i++) {
            api.controller.model().putVm(vm);
        }
        assertThat(watch.failure).as("it may still be reading").isNull();
        watch.take(1);
        TestApi.refused(Status.Code.ABORTED, "VERSION_CONFLICT", watch::end);
    }

    @Test
    void aVersionOfAnotherTermIsRefused() {
        long version = api.vms.listVms(ListVmsRequest.getDefaultInstance()).getVersion();
        for (long other : new long[] {1, version - 1, version + 1, Long.MAX_VALUE}) {
            var watch = watch(WatchVmsRequest.newBuilder().setFromVersion(other), MANY);
            TestApi.refused(Status.Code.ABORTED, "VERSION_CONFLICT", watch::end);
        }
    }

    @Test
    void endsWithTheTerm() {
        var watch = watch(WatchVmsRequest.newBuilder(), MANY);
        api.controller.leadership.loseSession();
        api.controller.settle();
        TestApi.refused(Status.Code.FAILED_PRECONDITION, "NOT_LEADER", watch::end);
    }

    @Test
    void aReaderThatGoesAwayIsForgotten() {
        var watch = watch(WatchVmsRequest.newBuilder(), MANY);
        watch.cancel();
        watch.taken();
        api.apply("default", "web", 1);
        assertThat(watch.taken()).isEmpty();
    }
}
