package io.kelpie.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.kelpie.cli.Interrupts;
import io.kelpie.cli.testing.FakeCluster;
import io.kelpie.cli.testing.FakeController;
import io.kelpie.cli.testing.Kelpie;
import io.kelpie.cli.testing.Samples;
import io.kelpie.proto.v1.ExitReason;
import io.kelpie.proto.v1.InstanceExit;
import io.kelpie.proto.v1.Vm;
import io.kelpie.proto.v1.VmState;
import io.kelpie.proto.v1.WatchVmsResponse;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WaitCommandTest {
    private final FakeCluster cluster = new FakeCluster();
    private final FakeController controller = new FakeController(cluster, "c1");
    private final Kelpie kelpie = new Kelpie().at(controller);

    @AfterEach
    void close() {
        controller.close();
    }

    @Test
    void aJobRunsWhenAllOfItsReplicasDo() {
        cluster.put(Samples.job("web", 2));
        cluster.watches.add(watch -> {
            watch.onNext(FakeCluster.synced(List.of(Samples.vm("web", 0, VmState.VM_STATE_RUNNING, "h1"))));
            watch.onError(Status.UNAVAILABLE.asRuntimeException());
        });
        cluster.watches.add(watch -> watch.onNext(FakeCluster.synced(List.of(
                Samples.vm("web", 0, VmState.VM_STATE_RUNNING, "h1"),
                Samples.vm("web", 1, VmState.VM_STATE_RUNNING, "h2"),
                Samples.vm("web", 2, VmState.VM_STATE_DELETING, "h2")))));

        Kelpie.Result result = kelpie.run("wait", "--for=running", "job/web");

        assertThat(result.exitCode()).isZero();
        assertThat(result.out()).isEqualTo("job/web is running\n");
        assertThat(kelpie.farewells()).isEmpty();
    }

    @Test
    void aVmThatRunsAlreadyIsNotWaitedFor() {
        cluster.put(Samples.vm("web", 0, VmState.VM_STATE_RUNNING, "h1"));

        assertThat(kelpie.run("wait", "--for=running", "vm", "web-0").exitCode())
                .isZero();
    }

    @Test
    void timeIsOverIsExitCode7AndNamesTheLaggards() {
        cluster.put(Samples.job("web", 2));
        cluster.put(Samples.vm("web", 0, VmState.VM_STATE_RUNNING, "h1"));
        cluster.put(Samples.vm("web", 1, VmState.VM_STATE_STARTING, "h2"));

        Kelpie.Result result = kelpie.run("wait", "--for=running", "job/web", "--timeout", "1s");

        assertThat(result.exitCode()).isEqualTo(7);
        assertThat(result.err()).endsWith("""
                        error: job/web is not running in time: 1 of 2 VMs are; web-1 is STARTING
                        fix: see: kelpie describe vm web-1
                        """);
    }

    @Test
    void timeIsOverWithAVmThatNoHostTakesIsExitCode6WithTheRejections() {
        cluster.put(Samples.job("web", 1));
        cluster.put(Samples.host("h1"));
        cluster.put(Samples.vm("web", 0, VmState.VM_STATE_PENDING).toBuilder()
                .setPendingDecision(Samples.noHost())
                .build());

        Kelpie.Result result = kelpie.run("wait", "--for=running", "job/web", "--timeout", "1s");

        assertThat(result.exitCode()).isEqualTo(6);
        assertThat(result.err()).isEqualTo("""
                        vm/web-0: PENDING
                        error: job/web is not running in time: 0 of 1 VMs are; web-0 is PENDING
                        vm/web-0 cannot be placed:
                          RULE     HOSTS REMOVED   NEAREST   ASKED       FREE       SHORTFALL   FIX
                          memory   2               h1        65536 MiB   7100 MiB   58436 MiB   ask for 6800Mi or less
                          cordon   1               -         -           -          -           kelpie uncordon h2
                        fix: change the job or make room; see: kelpie explain vm web-0
                        """);
    }

    @Test
    void aFailedVmEndsTheWaitAtOnceWithItsLastWords() {
        cluster.put(Samples.job("web", 1));
        Vm failed = Samples.vm("web", 0, VmState.VM_STATE_FAILED);
        cluster.put(failed.toBuilder()
                .setRecord(failed.getRecord().toBuilder()
                        .setLastExit(InstanceExit.newBuilder()
                                .setReason(ExitReason.EXIT_REASON_START_FAILED)
                                .setExitCode(1)
                                .setStderrTail("qemu: could not load kernel 'x'\nqemu: bye\n")))
                .build());

        Kelpie.Result result = kelpie.run("wait", "--for=running", "job/web", "--timeout", "1h");

        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.err()).isEqualTo("""
                        vm/web-0: FAILED
                        error: vm/web-0 has FAILED and is not tried again; its last instance: start failed, exit code 1
                          stderr: qemu: could not load kernel 'x'
                          stderr: qemu: bye
                        fix: see kelpie describe vm web-0; correct the cause, then: kelpie start vm web-0
                        """);
        assertThat(kelpie.run("wait", "--for=failed", "job/web").exitCode()).isZero();
    }

    @Test
    void whatDoesNotExistIsExitCode3ExceptForDeleted() {
        assertThat(kelpie.run("wait", "--for=running", "job/web").exitCode()).isEqualTo(3);
        assertThat(kelpie.run("wait", "--for=stopped", "vm/web-0").exitCode()).isEqualTo(3);
        assertThat(kelpie.run("wait", "--for=deleted", "job/web", "vm/web-0"))
                .isEqualTo(new Kelpie.Result(0, "job/web is deleted\nvm/web-0 is deleted\n", ""));
    }

    @Test
    void aJobThatIsDeletedMeanwhileEndsTheWait() {
        cluster.put(Samples.job("web", 1));
        cluster.watches.add(watch -> {
            watch.onNext(FakeCluster.synced(List.of(Samples.vm("web", 0, VmState.VM_STATE_STARTING, "h1"))));
            cluster.jobs.clear();
            watch.onNext(WatchVmsResponse.newBuilder().addGone("default/web-0").build());
        });

        assertThat(kelpie.run("wait", "--for=running", "job/web").exitCode()).isEqualTo(3);
    }

    @Test
    void deletionIsWaitedFor() {
        cluster.put(Samples.job("web", 1));
        kelpie.pauses(length -> cluster.jobs.clear());

        assertThat(kelpie.run("wait", "--for=deleted", "job/web"))
                .isEqualTo(new Kelpie.Result(0, "job/web is deleted\n", "job/web: waiting until it is deleted\n"));
    }

    @Test
    void deletionThatTakesTooLongIsExitCode7() {
        cluster.put(Samples.vm("web", 0, VmState.VM_STATE_DELETING, "h1"));

        assertThat(kelpie.run("wait", "--for=deleted", "vm/web-0", "--timeout", "1s")
                        .exitCode())
                .isEqualTo(7);
    }

    @Test
    void aTerminalSeesOneLineThatIsWrittenOver() {
        cluster.put(Samples.job("web", 2));
        cluster.put(Samples.vm("web", 0, VmState.VM_STATE_RUNNING, "h1"));
        cluster.put(Samples.vm("web", 1, VmState.VM_STATE_RUNNING, "h1"));

        assertThat(kelpie.onTerminal().run("wait", "--for=running", "job/web").err())
                .isEqualTo("\r\u001b[Kjob/web: 2 of 2 running (2 RUNNING)\n");
    }

    @Test
    void aControllerThatIsAwayForAWhileDoesNotEndTheWait() {
        cluster.put(Samples.job("web", 1));
        cluster.put(Samples.vm("web", 0, VmState.VM_STATE_STARTING, "h1"));
        cluster.watches.add(watch -> {
            watch.onNext(FakeCluster.synced(cluster.vms.values()));
            watch.onError(Status.UNAVAILABLE.asRuntimeException());
        });
        List<FakeController> again = new ArrayList<>();
        kelpie.pauses(length -> {
            if (length.toMillis() <= 1000) {
                controller.close(); // before the watch is asked for again; a call's own retries pause a second at most
            } else if (again.isEmpty()) {
                cluster.put(Samples.vm("web", 0, VmState.VM_STATE_RUNNING, "h1"));
                again.add(controller.startAgain());
            }
        });

        Kelpie.Result result = kelpie.run("wait", "--for=running", "job/web");

        again.forEach(FakeController::close);
        assertThat(result.exitCode()).isZero();
        assertThat(result.err())
                .contains("no controller answers (" + controller.address() + ": connection refused); still trying\n")
                .contains("a controller answers again\n");
    }

    @Test
    void ctrlCSaysThatOnlyTheWaitingEnds() {
        cluster.put(Samples.job("web", 1));
        cluster.watches.add(watch -> {
            kelpie.farewells().forEach(Interrupts.Farewell::say);
            watch.onNext(FakeCluster.synced(List.of(Samples.vm("web", 0, VmState.VM_STATE_RUNNING, "h1"))));
        });

        assertThat(kelpie.run("wait", "--for=running", "job/web").err())
                .startsWith("stopped waiting; what was asked for goes on: kelpie get vms\n");
    }

    @Test
    void conditionsAreChecked() {
        Kelpie.Result result = kelpie.run("wait", "--for=happy", "job/web");

        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.err()).contains("'happy'", "fix: see: kelpie wait --help");
        assertThat(kelpie.run("wait", "job/web").exitCode()).isEqualTo(2);
        assertThat(kelpie.run("wait", "--for=running", "job/web", "--timeout", "5")
                        .err())
                .contains("'5' is not a duration; give a whole number followed by s, m or h");
    }
}
