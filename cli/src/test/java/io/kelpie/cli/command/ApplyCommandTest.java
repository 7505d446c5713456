package io.kelpie.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.cli.testing.FakeCluster;
import io.kelpie.cli.testing.FakeController;
import io.kelpie.cli.testing.Kelpie;
import io.kelpie.cli.testing.Samples;
import io.kelpie.proto.v1.ApplyJobRequest;
import io.kelpie.proto.v1.VmState;
import io.kelpie.proto.v1.WatchVmsResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ApplyCommandTest {
    private final FakeCluster cluster = new FakeCluster();
    private final FakeController controller = new FakeController(cluster, "c1");
    private final Kelpie kelpie = new Kelpie().at(controller);

    @TempDir
    private Path folder;

    @AfterEach
    void close() {
        controller.close();
    }

    @Test
    void saysWhetherTheJobIsNewChangedOrAsItWas() throws IOException {
        Path file = Files.writeString(folder.resolve("web.yaml"), Samples.jobFile("web"));
        cluster.applyNotes = List.of("running VMs keep the old spec");

        assertThat(kelpie.run("apply", "-f", file.toString()))
                .isEqualTo(new Kelpie.Result(0, "job/web created\n", "note: running VMs keep the old spec\n"));
        assertThat(kelpie.run("apply", "-f", file.toString()).out()).isEqualTo("job/web unchanged\n");
        Files.writeString(file, Samples.jobFile("web").replace("512Mi", "1Gi"));
        assertThat(kelpie.run("apply", "-f", file.toString()).out()).isEqualTo("job/web updated\n");
    }

    @Test
    void readsStandardInputSeveralDocumentsAndSeveralFiles() throws IOException {
        Path file = Files.writeString(folder.resolve("c.yaml"), Samples.jobFile("c"));

        Kelpie.Result result = kelpie.input(Samples.jobFile("a") + "---\n" + Samples.jobFile("b"))
                .run("apply", "-f", "-", "-f", file.toString());

        assertThat(result.out()).isEqualTo("job/a created\njob/b created\njob/c created\n");
        assertThat(cluster.jobs.keySet()).containsExactly("default/a", "default/b", "default/c");
    }

    @Test
    void nothingIsSentIfAnyDocumentIsWrong() {
        Kelpie.Result result = kelpie.input(
                        Samples.jobFile("a") + "---\n" + Samples.jobFile("b").replace("memory", "memroy"))
                .run("apply", "-f", "-");

        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).isEqualTo("""
                        error: stdin:14:5: spec.vm.memroy: unknown key
                        fix: did you mean 'memory'?
                        """);
        assertThat(cluster.requests).isEmpty();
    }

    @Test
    void aJobThatWasPrintedAsYamlIsUnchangedWhenAppliedAgain() {
        kelpie.input(Samples.jobFile("web")).run("apply", "-f", "-");
        String printed = kelpie.run("get", "job", "web", "-o", "yaml").out();

        Kelpie.Result again = kelpie.input(printed).run("apply", "-f", "-");

        assertThat(printed).contains("status:");
        assertThat(again.out()).isEqualTo("job/web unchanged\n");
        String json = kelpie.run("get", "job", "web", "-o", "json").out();
        assertThat(kelpie.input(json).run("apply", "-f", "-").out()).isEqualTo("job/web unchanged\n");
    }

    @Test
    void aMissingFileIsAUsageError() {
        Kelpie.Result result =
                kelpie.run("apply", "-f", folder.resolve("no.yaml").toString());

        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.err()).startsWith("error: -f: there is no file '").contains("\nfix: correct the path\n");
    }

    @Test
    void anotherVersionThanExpectedIsExitCode5() {
        kelpie.input(Samples.jobFile("web")).run("apply", "-f", "-");

        Kelpie.Result result = kelpie.input(Samples.jobFile("web")).run("apply", "-f", "-", "--expect-version", "4");

        assertThat(result.exitCode()).isEqualTo(5);
        assertThat(result.err())
                .startsWith(
                        "error: cannot apply job 'web': the job has version 1, not 4\nfix: somebody has changed it");
    }

    @Test
    void theControllersRefusalHasItsFixOnALineOfItsOwn() {
        String file = Samples.jobFile("web").replace("vmlinuz}}", "vmlinuz}, cmdline: refuse me}");

        Kelpie.Result result = kelpie.input(file).run("apply", "-f", "-");

        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.err()).isEqualTo("""
                        error: cannot apply job 'web': spec.vm.boot.cmdline: is refused
                        fix: write another
                        """);
    }

    @Test
    void theNamespaceComesFromTheFileElseFromTheCommandLine() {
        String named = Samples.jobFile("web").replace("{name: web}", "{name: web, namespace: shop}");

        kelpie.input(named).run("apply", "-f", "-");
        kelpie.input(Samples.jobFile("web")).run("apply", "-f", "-", "-n", "lab");
        Kelpie.Result both = kelpie.input(named).run("apply", "-f", "-", "-n", "lab");

        assertThat(cluster.jobs.keySet()).containsExactly("lab/web", "shop/web");
        assertThat(both.exitCode()).isEqualTo(2);
        assertThat(both.err()).contains("metadata.namespace: the file says shop, the command line 'lab'");
    }

    @Test
    void waitsUntilAllVmsRunAndSaysEachChange() {
        cluster.watches.add(watch -> {
            watch.onNext(FakeCluster.synced(List.of()));
            watch.onNext(WatchVmsResponse.newBuilder()
                    .addChanged(Samples.vm("web", 0, VmState.VM_STATE_PENDING))
                    .build());
            watch.onNext(WatchVmsResponse.newBuilder()
                    .addChanged(Samples.vm("web", 0, VmState.VM_STATE_STARTING, "h1"))
                    .build());
            watch.onNext(WatchVmsResponse.newBuilder()
                    .addChanged(Samples.vm("web", 0, VmState.VM_STATE_RUNNING, "h1"))
                    .build());
        });

        Kelpie.Result result = kelpie.input(Samples.jobFile("web")).run("apply", "-f", "-", "--wait");

        assertThat(result).isEqualTo(new Kelpie.Result(0, "job/web created\n", """
                        vm/web-0: PENDING
                        vm/web-0: STARTING on h1
                        vm/web-0: RUNNING on h1
                        job/web is running
                        """));
        ApplyJobRequest sent = (ApplyJobRequest) cluster.requests.get(0);
        assertThat(sent.getRequestId()).hasSize(36);
    }
}
