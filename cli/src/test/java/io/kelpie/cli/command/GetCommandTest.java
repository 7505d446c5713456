package io.kelpie.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.kelpie.cli.CliException;
import io.kelpie.cli.ExitCode;
import io.kelpie.cli.Interrupts;
import io.kelpie.cli.testing.FakeCluster;
import io.kelpie.cli.testing.FakeController;
import io.kelpie.cli.testing.Kelpie;
import io.kelpie.cli.testing.Samples;
import io.kelpie.proto.v1.ExitReason;
import io.kelpie.proto.v1.Host;
import io.kelpie.proto.v1.InstanceExit;
import io.kelpie.proto.v1.InstancePhase;
import io.kelpie.proto.v1.InstanceReport;
import io.kelpie.proto.v1.ListVmsRequest;
import io.kelpie.proto.v1.Vm;
import io.kelpie.proto.v1.VmState;
import io.kelpie.proto.v1.WatchVmsRequest;
import io.kelpie.proto.v1.WatchVmsResponse;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GetCommandTest {
    private final FakeCluster cluster = new FakeCluster();
    private final FakeController controller = new FakeController(cluster, "c1");
    private final Kelpie kelpie = new Kelpie().at(controller);

    @AfterEach
    void close() {
        controller.close();
    }

    @Test
    void jobsAsTable() {
        cluster.put(Samples.job("web", 3, "RUNNING", 1, "PENDING", 1, "STARTING", 1));
        cluster.put(Samples.job("db", 1, "RUNNING", 1).toBuilder()
                .setVersion(12)
                .setOutdated(1)
                .build());

        Kelpie.Result result = kelpie.run("get", "jobs");

        assertThat(result.out()).isEqualTo("""
                        NAME   DESIRED   RUNNING   PENDING   FAILED   VERSION   AGE   NOTE
                        db     1         1         0         0        12        90s   1 OUTDATED
                        web    3         1         1         0        1         90s   1 starting
                        """);
        assertThat(result.err()).isEmpty();
        assertThat(result.exitCode()).isZero();
    }

    @Test
    void vmsAsTableWithWhatHostsObserve() {
        cluster.put(Samples.vm("web", 0, VmState.VM_STATE_RUNNING, "h1"));
        cluster.put(Samples.vm("web", 1, VmState.VM_STATE_RUNNING, "h2").toBuilder()
                .setOutdated(true)
                .setHostUnreachable(true)
                .build());
        cluster.put(Samples.vm("web", 2, VmState.VM_STATE_STARTING, "h1").toBuilder()
                .setObserved(InstanceReport.newBuilder()
                        .setPhase(InstancePhase.INSTANCE_PHASE_PREPARING)
                        .setProgress("downloading 40 %"))
                .build());
        cluster.put(Samples.vm("web", 3, VmState.VM_STATE_PENDING).toBuilder()
                .setPendingDecision(Samples.noHost())
                .build());
        Vm failed = Samples.vm("web", 4, VmState.VM_STATE_FAILED);
        cluster.put(failed.toBuilder()
                .setRecord(failed.getRecord().toBuilder()
                        .setIncarnation(6)
                        .setLastExit(InstanceExit.newBuilder()
                                .setReason(ExitReason.EXIT_REASON_START_FAILED)
                                .setExitCode(1)
                                .setMessage("QEMU ended\u001b[31m at once")))
                .build());

        assertThat(kelpie.run("get", "vms").out()).isEqualTo("""
                        NAME    STATE      HOST   INCARNATION   AGE   NOTE
                        web-0   RUNNING    h1     1             12s
                        web-1   RUNNING    h2     1             12s   OUTDATED; host unreachable
                        web-2   STARTING   h1     1             12s   preparing: downloading 40 %
                        web-3   PENDING    -      1             12s   no host: memory, short of 58436 MiB, …
                        web-4   FAILED     -      6             12s   last: start failed, exit code 1: QEMU ended?[31m at once
                        """);
    }

    @Test
    void hostsAsTable() {
        cluster.put(Samples.host("h1"));
        cluster.put(Samples.tcgHost("h2"));

        assertThat(kelpie.run("get", "hosts").out()).isEqualTo("""
                        NAME   HEALTH    CPUS   VCPUS     MEMORY          VMS   KVM                            DRIVERS   CORDONED
                        h1     READY     8      6 (75%)   6384Mi/15.5Gi   3     verified 41 ms EPT             qemu      no
                        h2     SUSPECT   8      6 (75%)   6384Mi/15.5Gi   3     tcg only: /dev/kvm is absent   qemu      yes
                        """);
    }

    @Test
    void eventsOfOneObject() {
        cluster.events.add(Samples.event(1, "vm/default/web-0", "Placed", "on h1"));
        cluster.events.add(Samples.event(2, "host/h1", "Ready", "heartbeats come"));

        assertThat(kelpie.run("get", "events", "--for", "vm/web-0").out()).isEqualTo("""
                        AGE   SUBJECT            TYPE     MESSAGE
                        5s    vm/default/web-0   Placed   on h1
                        """);
    }

    @Test
    void wideShowsMoreColumnsAndNoHeadersLeavesThemOut() {
        cluster.put(Samples.vm("web", 0, VmState.VM_STATE_RUNNING, "h1"));

        assertThat(kelpie.run("get", "vms", "-o", "wide").out().lines().findFirst())
                .contains("NAME    STATE     HOST   INCARNATION   AGE   NOTE   JOB   VERSION   VCPUS   MEMORY"
                        + "   DRIVER   ACCELERATOR   VM-ID");
        assertThat(kelpie.run("get", "vms", "--no-headers").out()).isEqualTo("web-0   RUNNING   h1   1   12s\n");
    }

    @Test
    void namesOnly() {
        cluster.put(Samples.vm("web", 0, VmState.VM_STATE_RUNNING));
        cluster.put(Samples.vm("web", 1, VmState.VM_STATE_RUNNING));

        assertThat(kelpie.run("get", "vms", "-o", "name").out()).isEqualTo("vm/web-0\nvm/web-1\n");
    }

    @Test
    void jsonHasNumbersAsNumbersAndShortConstants() {
        cluster.put(Samples.vm("web", 0, VmState.VM_STATE_RUNNING, "h1"));

        Kelpie.Result one = kelpie.run("get", "vm", "web-0", "-o", "json");

        assertThat(one.out())
                .startsWith("{\n  \"name\": \"web-0\",\n  \"record\": {")
                .contains(
                        "\"state\": \"RUNNING\"", "\"incarnation\": 1,", "\"hostName\": \"h1\"", "\"memoryMib\": 2048")
                .endsWith("\n}\n");
        assertThat(kelpie.run("get", "vms", "-o", "json").out()).startsWith("{\n  \"items\": [\n    {\n      \"name\"");
        assertThat(kelpie.run("get", "jobs", "-o", "json").out()).isEqualTo("{\n  \"items\": []\n}\n");
    }

    @Test
    void sortsByAnyColumn() {
        cluster.put(Samples.job("a", 20));
        cluster.put(Samples.job("b", 3));
        cluster.put(Samples.job("c", 100));

        assertThat(kelpie.run("get", "jobs", "-o", "name", "--sort-by", "desired")
                        .out())
                .isEqualTo("job/b\njob/a\njob/c\n");
        Kelpie.Result unknown = kelpie.run("get", "jobs", "--sort-by", "colour");
        assertThat(unknown.exitCode()).isEqualTo(2);
        assertThat(unknown.err())
                .startsWith("error: --sort-by: there is no column 'colour'\nfix: name one of name, desired, ");
    }

    @Test
    void readsAllPages() {
        cluster.pageSize = 2;
        for (int i = 0; i < 7; i++) {
            cluster.put(Samples.vm("web", i, VmState.VM_STATE_RUNNING));
        }

        assertThat(kelpie.run("get", "vms", "-o", "name").out().lines()).hasSize(7);
    }

    @Test
    void filtersGoToTheController() {
        kelpie.run("get", "vms", "-l", "team=shop,tier=web", "--job", "web", "--host", "h1", "-n", "shop");

        assertThat(cluster.requests)
                .containsExactly(ListVmsRequest.newBuilder()
                        .setNamespace("shop")
                        .setJob("web")
                        .setHostName("h1")
                        .putLabels("team", "shop")
                        .putLabels("tier", "web")
                        .setPageSize(500)
                        .build());
    }

    @Test
    void allNamespacesAddTheirColumn() {
        cluster.put(Samples.job("web", 1));

        assertThat(kelpie.run("get", "jobs", "-A", "--no-headers").out()).startsWith("default   web   1");
    }

    @Test
    void anEmptyListSaysSoOnStandardError() {
        Kelpie.Result result = kelpie.run("get", "vms");

        assertThat(result.out()).isEmpty();
        assertThat(result.err()).isEqualTo("no vms found\n");
        assertThat(result.exitCode()).isZero();
    }

    @Test
    void aMissingNameIsExitCode3AndTheOthersAreShown() {
        cluster.put(Samples.vm("web", 0, VmState.VM_STATE_RUNNING));

        Kelpie.Result result = kelpie.run("get", "vms", "web-0", "web-9", "-o", "name");

        assertThat(result.exitCode()).isEqualTo(3);
        assertThat(result.out()).isEqualTo("vm/web-0\n");
        assertThat(result.err()).isEqualTo("""
                        error: cannot get vm 'web-9': there is no VM 'web-9' in namespace 'default'
                        fix: see what there is with: kelpie get vms -A
                        """);
    }

    @Test
    void coloursOnATerminalAlone() {
        cluster.put(Samples.vm("web", 0, VmState.VM_STATE_RUNNING));

        assertThat(kelpie.run("get", "vms").out()).doesNotContain("\u001b");
        assertThat(kelpie.onTerminal().run("get", "vms").out()).contains("\u001b[32mRUNNING\u001b[0m");
    }

    @Test
    void aWatchGoesOnAfterItWasCutOffAndTellsOnlyWhatChanged() {
        Vm starting = Samples.vm("web", 0, VmState.VM_STATE_STARTING, "h1");
        Vm running = Samples.vm("web", 0, VmState.VM_STATE_RUNNING, "h1");
        Vm other = Samples.vm("web", 1, VmState.VM_STATE_RUNNING, "h2");
        Vm moved = Samples.vm("web", 1, VmState.VM_STATE_RUNNING, "h3");
        cluster.watches.add(watch -> {
            watch.onNext(WatchVmsResponse.newBuilder().addChanged(starting).build());
            watch.onNext(FakeCluster.synced(List.of(other)));
            watch.onNext(WatchVmsResponse.newBuilder().addChanged(running).build());
            watch.onError(Status.ABORTED.withDescription("too slow").asRuntimeException());
        });
        cluster.watches.add(watch -> {
            watch.onNext(FakeCluster.synced(List.of(running, moved)));
            watch.onNext(WatchVmsResponse.newBuilder().addGone("default/web-0").build());
            watch.onError(Status.ABORTED.asRuntimeException());
        });
        cluster.watches.add(watch -> watch.onError(
                Status.PERMISSION_DENIED.withDescription("not for you").asRuntimeException()));

        Kelpie.Result result = kelpie.run("get", "vms", "-w");

        assertThat(result.out()).isEqualTo("""
                        NAME    STATE      HOST   INCARNATION   AGE   NOTE
                        web-0   STARTING   h1     1             12s
                        web-1   RUNNING    h2     1             12s
                        web-0   RUNNING    h1     1             12s
                        web-1   RUNNING    h3     1             12s
                        web-0   DELETED    h1     1             12s
                        """);
        assertThat(result.exitCode()).isEqualTo(4);
        assertThat(result.err()).isEqualTo("""
                        the controller has ended the watch; asking again
                        the controller has ended the watch; asking again
                        error: cannot watch VMs: not for you
                        fix: ask an administrator of the cluster for the right to do it
                        """);
        assertThat(cluster.requests)
                .hasSize(3)
                .containsOnly(
                        WatchVmsRequest.newBuilder().setNamespace("default").build());
        assertThat(kelpie.farewells()).isEmpty();
    }

    @Test
    void aWatchOfJobsAsksAgainAndTellsOnlyWhatChanged() {
        cluster.put(Samples.job("web", 3, "PENDING", 3));
        cluster.put(Samples.job("db", 1, "RUNNING", 1));
        AtomicInteger pauses = new AtomicInteger();
        kelpie.pauses(length -> {
            switch (pauses.incrementAndGet()) {
                case 1 -> cluster.put(Samples.job("web", 3, "RUNNING", 3));
                case 2 -> cluster.jobs.remove("default/db");
                default -> {
                    kelpie.farewells().forEach(Interrupts.Farewell::say);
                    throw new CliException(ExitCode.FAILED, "enough", null);
                }
            }
        });

        Kelpie.Result result = kelpie.run("get", "jobs", "-w", "-o", "name");

        assertThat(result.out()).isEqualTo("job/db\njob/web\njob/web\n");
        assertThat(result.err()).isEqualTo("job/db is gone\nstopped watching the jobs\nerror: enough\n");
    }

    @Test
    void kindsAreCheckedWithTheNearestWord() {
        Kelpie.Result result = kelpie.run("get", "jbos");

        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.err()).isEqualTo("error: 'jbos' is no kind of object here\nfix: did you mean 'jobs'?\n");
        assertThat(kelpie.run("get", "things").err()).contains("fix: name one of job, vm, host, event");
    }

    @Test
    void filtersThatWouldBeIgnoredAreRefused() {
        assertThat(kelpie.run("get", "jobs", "--host", "h1").err())
                .isEqualTo("error: --job and --host choose VMs, not jobs\nfix: leave them out\n");
        assertThat(kelpie.run("get", "vms", "--for", "vm/web-0").exitCode()).isEqualTo(2);
        assertThat(kelpie.run("get", "events", "-l", "a=b").exitCode()).isEqualTo(2);
        assertThat(kelpie.run("get", "vm/web-0", "--host", "h1").exitCode()).isEqualTo(2);
        assertThat(kelpie.run("get", "vm/web-0", "job/web").exitCode()).isEqualTo(2);
        assertThat(kelpie.run("get", "vms", "-l", "nonsense").exitCode()).isEqualTo(2);
    }

    @Test
    void aWatchKeepsToItsFilters() {
        cluster.put(Samples.job("web", 2).toBuilder()
                .setSpec(Samples.job("web", 2).getSpec().toBuilder().putLabels("team", "shop"))
                .build());
        cluster.put(Samples.job("db", 1));
        cluster.watches.add(watch -> {
            watch.onNext(FakeCluster.synced(List.of(
                    Samples.vm("db", 0, VmState.VM_STATE_RUNNING, "h1"),
                    Samples.vm("web", 0, VmState.VM_STATE_RUNNING, "h1"),
                    Samples.vm("web", 1, VmState.VM_STATE_RUNNING, "h2"))));
            watch.onNext(FakeCluster.synced(List.of(Samples.vm("web", 0, VmState.VM_STATE_PENDING))));
            watch.onNext(FakeCluster.synced(List.of(Samples.vm("web", 0, VmState.VM_STATE_RUNNING, "h2"))));
            watch.onError(Status.ABORTED.asRuntimeException());
        });
        cluster.watches.add(watch -> watch.onError(Status.UNAUTHENTICATED.asRuntimeException()));

        Kelpie.Result result = kelpie.run("get", "vms", "-w", "-l", "team=shop", "--host", "h1", "--no-headers");

        assertThat(result.out()).isEqualTo("web-0   RUNNING   h1   1   12s\nweb-0   PENDING   -    1   12s\n");
        assertThat(result.exitCode()).isEqualTo(4);
    }

    @Test
    void aWatchOfEventsTellsEachOnce() {
        cluster.events.add(Samples.event(1, "cluster", "Leading", "c1"));
        AtomicInteger pauses = new AtomicInteger();
        kelpie.pauses(length -> {
            if (pauses.incrementAndGet() == 3) {
                throw new CliException(ExitCode.FAILED, "enough", null);
            }
            cluster.events.add(Samples.event(1 + pauses.get(), "cluster", "Again", "x"));
        });

        assertThat(kelpie.run("get", "events", "-w", "-o", "name").out()).isEqualTo("event/1\nevent/2\nevent/3\n");
    }

    @Test
    void aWatchOfHostsIsNotWokenByFreeSpace() {
        cluster.put(Samples.host("h1"));
        AtomicInteger pauses = new AtomicInteger();
        kelpie.pauses(length -> {
            switch (pauses.incrementAndGet()) {
                case 1 -> cluster.put(withFreeSpace(1));
                case 2 -> cluster.put(Samples.tcgHost("h1"));
                default -> throw new CliException(ExitCode.FAILED, "enough", null);
            }
        });

        assertThat(kelpie.run("get", "hosts", "-w", "-o", "json").out().lines())
                .hasSize(2)
                .allMatch(line -> line.startsWith("{\"record\":"));
    }

    private static Host withFreeSpace(long mib) {
        Host.Builder host = Samples.host("h1").toBuilder();
        host.getCapabilitiesBuilder().getPoolsBuilder(0).setFreeMib(mib);
        return host.build();
    }
}
