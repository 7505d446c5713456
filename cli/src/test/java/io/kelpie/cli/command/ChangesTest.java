package io.kelpie.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import io.kelpie.cli.testing.FakeCluster;
import io.kelpie.cli.testing.FakeController;
import io.kelpie.cli.testing.Kelpie;
import io.kelpie.cli.testing.Samples;
import io.kelpie.proto.v1.ControlAction;
import io.kelpie.proto.v1.ControlJobRequest;
import io.kelpie.proto.v1.ControlVmRequest;
import io.kelpie.proto.v1.CordonHostRequest;
import io.kelpie.proto.v1.DeleteJobRequest;
import io.kelpie.proto.v1.VmState;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** stop, start, restart, scale, delete, cordon and uncordon. */
class ChangesTest {
    private final FakeCluster cluster = new FakeCluster();
    private final FakeController controller = new FakeController(cluster, "c1");
    private final Kelpie kelpie = new Kelpie().at(controller);

    @BeforeEach
    void fill() {
        cluster.put(Samples.job("web", 2));
        cluster.put(Samples.vm("web", 0, VmState.VM_STATE_STOPPING, "h1"));
        cluster.put(Samples.vm("web", 1, VmState.VM_STATE_STOPPED));
        cluster.put(Samples.host("h1"));
    }

    @AfterEach
    void close() {
        controller.close();
    }

    @Test
    void vmsByNameOrWithTheirKind() {
        assertThat(kelpie.run("stop", "vm", "web-0", "web-1").out())
                .isEqualTo("vm/web-0 stop requested (STOPPING)\nvm/web-1 stop requested (STOPPED)\n");
        assertThat(kelpie.run("start", "vm/web-1").out()).isEqualTo("vm/web-1 start requested (STOPPED)\n");
        ControlVmRequest sent = last(ControlVmRequest.class);
        assertThat(sent.getAction()).isEqualTo(ControlAction.CONTROL_ACTION_START);
        assertThat(sent.getNamespace()).isEqualTo("default");
    }

    @Test
    void whatWasSoAlreadyIsUnchangedAndNoError() {
        cluster.affected = 0;

        assertThat(kelpie.run("stop", "vm", "web-1"))
                .isEqualTo(new Kelpie.Result(0, "vm/web-1 unchanged (STOPPED)\n", ""));
        assertThat(kelpie.run("stop", "job", "web")).isEqualTo(new Kelpie.Result(0, "job/web unchanged\n", ""));
    }

    @Test
    void aJobIsRestartedByTurns() {
        cluster.affected = 2;

        assertThat(kelpie.run("restart", "job/web", "--max-unavailable", "2").out())
                .isEqualTo("job/web restart requested (2 VMs)\n");
        ControlJobRequest sent = last(ControlJobRequest.class);
        assertThat(sent.getAction()).isEqualTo(ControlAction.CONTROL_ACTION_RESTART);
        assertThat(sent.getMaxUnavailable()).isEqualTo(2);
        assertThat(kelpie.run("restart", "vm/web-0", "--max-unavailable", "2").exitCode())
                .isEqualTo(2);
    }

    @Test
    void oneThatFailsDoesNotKeepTheOthersFromTheirTurn() {
        Kelpie.Result result = kelpie.run("stop", "vm", "web-9", "web-0");

        assertThat(result.exitCode()).isEqualTo(3);
        assertThat(result.out()).isEqualTo("vm/web-0 stop requested (STOPPING)\n");
        assertThat(result.err()).startsWith("error: cannot stop vm 'web-9': there is no VM 'web-9'");
    }

    @Test
    void scaleChecksTheCount() {
        assertThat(kelpie.run("scale", "job", "web", "5").out()).isEqualTo("job/web scaled to 5\n");
        assertThat(kelpie.run("scale", "job/web", "7").out()).isEqualTo("job/web scaled to 7\n");
        assertThat(kelpie.run("scale", "job", "web", "0")).isEqualTo(new Kelpie.Result(2, "", """
                        error: replicas: 0 is out of range
                        fix: give 1 to 10000; or stop the job: kelpie stop job NAME
                        """));
        assertThat(kelpie.run("scale", "job", "web", "10001").exitCode()).isEqualTo(2);
        assertThat(kelpie.run("scale", "job", "web", "many").exitCode()).isEqualTo(2);
        assertThat(kelpie.run("scale", "vm", "web-0", "2").exitCode()).isEqualTo(2);
    }

    @Test
    void deleteKeepsDisksAndListsThem() {
        cluster.keptDisks = List.of("h1: web-0/data");

        assertThat(kelpie.run("delete", "job", "web"))
                .isEqualTo(new Kelpie.Result(0, "job/web deletion requested\n", """
                        note: kept disks stay on their hosts:
                          h1: web-0/data
                        """));
        assertThat(last(DeleteJobRequest.class).getDeleteDisks()).isFalse();
        assertThat(kelpie.run("delete", "job", "web").exitCode()).isEqualTo(3);
    }

    @Test
    void deleteWithDisks() {
        kelpie.run("delete", "job/web", "--delete-disks");

        assertThat(last(DeleteJobRequest.class).getDeleteDisks()).isTrue();
    }

    @Test
    void aVmOfAJobIsNotDeletedByItself() {
        Kelpie.Result result = kelpie.run("delete", "vm", "web-0");

        assertThat(result).isEqualTo(new Kelpie.Result(1, "", """
                        error: cannot delete vm 'web-0': it belongs to job 'web', which would make it again
                        fix: remove the highest ordinals with: kelpie scale job web N; or the whole job with: kelpie delete job web
                        """));
        assertThat(cluster.requests).isEmpty();
    }

    @Test
    void hostsAreCordonedAndUncordoned() {
        assertThat(kelpie.run("cordon", "h1").out()).isEqualTo("host/h1 cordoned\n");
        assertThat(last(CordonHostRequest.class).getCordoned()).isTrue();
        cluster.affected = 0;
        assertThat(kelpie.run("uncordon", "host/h1").out()).isEqualTo("host/h1 unchanged\n");
        assertThat(last(CordonHostRequest.class).getCordoned()).isFalse();
        assertThat(kelpie.run("cordon", "h9").exitCode()).isEqualTo(3);
    }

    private <T extends Message> T last(Class<T> type) {
        return type.cast(cluster.requests.get(cluster.requests.size() - 1));
    }
}
