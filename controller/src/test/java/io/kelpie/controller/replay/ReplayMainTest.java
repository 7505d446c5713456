package io.kelpie.controller.replay;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.replay.baseline.ScanPlacements;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whole runs of the program, with a plain scan for an engine. */
class ReplayMainTest {
    @TempDir
    private Path folder;

    private Path hosts = Path.of("");
    private Path vms = Path.of("");
    private Placements.Factory engines = ScanPlacements.factory(ScanPlacements.Choice.BEST_FIT);

    private record Result(int exitCode, String out, String err) {}

    @BeforeEach
    void writeFiles() throws IOException {
        hosts = Files.writeString(
                folder.resolve("hosts.csv"), "host,rack,numa0_vcpus,numa0_memory_gib\nh0,r0,8,16\nh1,r1,8,16\n");
        vms = Files.writeString(folder.resolve("vms.csv"), "vm,vcpus,memory_gib\na,8,8\nb,8,8\nc,1,1\n");
    }

    @Test
    void replaysFilesAndRejectionsAreNoFailure() {
        Result result = run("--hosts", hosts.toString(), "--vms", vms.toString(), "-o", "json");

        assertThat(result.err()).isEmpty();
        assertThat(result.exitCode()).isZero();
        assertThat(result.out())
                .startsWith("{\"placed\":2,\"rejected\":{\"vcpu\":1},\"hostsUsed\":2,\"peakHostsUsed\":2,")
                .endsWith("\"violations\":0}\n");
    }

    @Test
    void aTableIsTheDefault() {
        assertThat(run("--uniform", "8x16", "--count", "9", "--vms", vms.toString())
                        .out())
                .contains("PLACED                   3\n", "HOSTS                    9\n");
    }

    @Test
    void findsTheFewestHosts() {
        Result result = run("--uniform", "8x16", "--find-min-hosts", "--vms", vms.toString(), "-o", "json");

        assertThat(result.exitCode()).isZero();
        assertThat(result.out()).startsWith("{\"placed\":3,\"rejected\":{},").contains("\"minHosts\":3,");
    }

    @Test
    void whatQemuTakesIsCountedIfAskedFor() throws IOException {
        Files.writeString(vms, "vm,vcpus,memory_gib\na,1,16\n");

        assertThat(run("--uniform", "8x16", "--count", "1", "--vms", vms.toString(), "-o", "json")
                        .out())
                .startsWith("{\"placed\":1,");
        assertThat(run("--uniform", "8x16", "--count", "1", "--vms", vms.toString(), "-o", "json", "--overhead", "qemu")
                        .out())
                .startsWith("{\"placed\":0,\"rejected\":{\"memory\":1}");
    }

    @Test
    void anImpossibleTraceHasNoFewestHosts() throws IOException {
        Files.writeString(
                vms,
                "vm,vcpus,memory_gib,numa_nodes,strategy,group,domain\na,8,8,1,affinity,g,\n"
                        + "b,8,8,1,affinity,g,\n");
        Result group = run("--uniform", "8x16", "--find-min-hosts", "--vms", vms.toString());
        Result large = run("--uniform", "4x16", "--find-min-hosts", "--vms", vms.toString());

        assertThat(group.exitCode()).isEqualTo(1);
        assertThat(group.err()).contains("no number of hosts will do").contains("b (rule ");
        assertThat(large.exitCode()).isEqualTo(1);
        assertThat(large.err()).contains("a wants 8 vCPUs and a host has 4").contains("fix: ");
    }

    @Test
    void writesTheSeriesAndTheDrawing() throws IOException {
        Path series = folder.resolve("series.csv");
        Path svg = folder.resolve("usage.svg");
        Result result = run(
                "--hosts",
                hosts.toString(),
                "--vms",
                vms.toString(),
                "--series",
                series.toString(),
                "--svg",
                svg.toString());

        assertThat(result.exitCode()).isZero();
        assertThat(series).content().startsWith("arrived,vms,").hasLineCount(4);
        assertThat(svg).content().startsWith("<svg ").endsWith("</svg>\n");
    }

    @Test
    void aFaultyFileIsRefusedByItsPlacesAndNothingIsRun() throws IOException {
        engines = (pool, rules) -> {
            throw new AssertionError("an engine was opened");
        };
        Files.writeString(vms, "vm,vcpus,memory_gib\na,8,8\nb,x,8\nc,1,-1\n");
        Path svg = folder.resolve("usage.svg");
        Result result =
                run("--hosts", hosts.toString(), "--vms", vms.toString(), "--svg", svg.toString(), "-o", "json");

        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.out()).isEmpty();
        assertThat(result.err())
                .isEqualTo("error: " + vms
                        + ": line 3, column 2 (vcpus): 'x' is not a number; fix: write a whole number"
                        + " from 1 to 65536\n"
                        + "error: " + vms + ": line 4, column 3 (memory_gib): '-1' is negative; fix: write GiB above 0"
                        + " and up to 1048576, e.g. 4 or 0.5\n"
                        + "nothing was run\n");
        assertThat(svg).doesNotExist();
    }

    @Test
    void theFaultsOfBothFilesAreToldAtOnce() throws IOException {
        Files.writeString(hosts, "host,rack,numa0_vcpus\nh0,r0,8\n");
        Files.writeString(vms, "vm,vcpus\na,8\n");
        Result result = run("--hosts", hosts.toString(), "--vms", vms.toString());

        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.err())
                .contains("hosts.csv: line 1 (numa0_memory_gib): the column is missing")
                .contains("vms.csv: line 1 (memory_gib): the column is missing")
                .endsWith("nothing was run\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--vms V                                        | no pool is given",
                "--hosts H --uniform 8x16 --vms V               | --hosts and --uniform are both given",
                "--hosts H                                      | --vms is not given",
                "--hosts H --vms V --count 3                    | --count goes with --uniform",
                "--hosts H --vms V --find-min-hosts             | --find-min-hosts goes with --uniform",
                "--hosts H --vms V --hosts-per-rack 3           | --hosts-per-rack goes with --uniform",
                "--uniform 8x16 --vms V                         | the pool has no size",
                "--uniform 8x16 --count 1 --find-min-hosts --vms V | --find-min-hosts and --count are both given",
                "--uniform 8x --count 1 --vms V                 | --uniform: '8x' is no kind of host",
                "--uniform 8x16 --count 0 --vms V               | --count: 0 is out of range",
                "--uniform 8x16 --count -1 --vms V              | --count: -1 is out of range",
                "--uniform 8x16 --count 1e9 --vms V             | Invalid value for option '--count'",
                "--uniform 8x16 --count 1 --hosts-per-rack 0 --vms V | --hosts-per-rack: 0 is out of range",
                "--hosts H --vms V --policy random              | Invalid value for option '--policy'",
                "--hosts H --vms V --overhead xen               | Invalid value for option '--overhead'",
                "--hosts H --vms V --seed x                     | Invalid value for option '--seed'",
                "--hosts H --vms V -o yaml                      | Invalid value for option '--output'",
                "--hosts H --vms V --days 3                     | --days goes with --generate",
                "--hosts H --vms missing.csv                    | missing.csv: there is no such file",
                "--hosts D --vms V                              | is a folder",
                "--hosts H --vms V --svg D                      | is a folder",
                "--hosts H --vms V --svg D/none/x.svg           | does not exist",
                "--hosts H --vms V --series V                   | is the file of another option",
                "--hosts H --vms V --series D/x --svg D/./x     | is the file of another option",
                "--generate 0                                   | --generate: 0 is out of range",
                "--generate 5 --vms V                           | --generate replays nothing",
                "--hosts H --vms V --polcy pack                 | '--polcy' is not known",
                "--hosts H --vms V more                         | 'more' is not known",
                "--hosts H --hosts H --vms V                    | option '--hosts' (FILE) should be specified only once",
            })
    void wrongCommandLinesAreRefused(String line, String expected) {
        engines = (pool, rules) -> {
            throw new AssertionError("an engine was opened");
        };
        String[] args = Stream.of(line.split(" +"))
                .map(word -> switch (word) {
                    case "H" -> hosts.toString();
                    case "V" -> vms.toString();
                    default -> word.replaceFirst("^D(?=/|$)", folder.toString());
                })
                .toArray(String[]::new);
        Result result = run(args);

        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).startsWith("error: ").contains(expected).contains("\nfix: ");
    }

    @Test
    void helpNamesEveryOption() {
        Result result = run("--help");

        assertThat(result.exitCode()).isZero();
        assertThat(result.err()).isEmpty();
        assertThat(result.out())
                .startsWith("Usage: kelpie replay ")
                .contains("--hosts", "--uniform", "--count", "--find-min-hosts", "--vms", "--policy", "--overhead")
                .contains(
                        "--seed", "--output", "--series", "--svg", "--generate", "Exit codes: 0 ok, 1 failed, 2 usage")
                .doesNotContain("${");
    }

    @Test
    void aGeneratedTraceCanBeReplayed() throws IOException {
        Result generated = run("--generate", "500", "--days", "2", "--seed", "3");
        Files.writeString(vms, generated.out());
        Result result = run("--uniform", "64x256", "--find-min-hosts", "--vms", vms.toString(), "-o", "json");

        assertThat(generated.exitCode()).isZero();
        assertThat(result.err()).isEmpty();
        assertThat(result.exitCode()).isZero();
        assertThat(result.out()).startsWith("{\"placed\":500,\"rejected\":{},");
    }

    @Test
    void anEngineThatPlansOtherwiseTheSecondTimeIsADefect() {
        int[] opened = new int[1];
        engines = (pool, rules) -> ScanPlacements.factory(
                        opened[0]++ == 0 ? ScanPlacements.Choice.FIRST_FIT : ScanPlacements.Choice.SPREAD)
                .open(pool, rules);
        Result result = run("--uniform", "16x32", "--count", "3", "--vms", vms.toString());

        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.err()).contains("two different plans of the same trace");
    }

    @Test
    void aPlanThatBreaksARuleIsAFailureThatSaysWhich() {
        engines = (pool, rules) -> new Placements() {
            @Override
            public Placement place(ReplayVm vm) {
                return new Placement.Placed(0, 0);
            }

            @Override
            public void remove(ReplayVm vm) {}
        };
        Result result = run("--hosts", hosts.toString(), "--vms", vms.toString(), "-o", "json");

        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.out()).contains("\"violations\":3}");
        assertThat(result.err()).contains("b takes h0 to 16 of 8 vCPUs");
    }

    private Result run(String... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int exitCode = ReplayMain.run(
                args,
                engines,
                new StepClock(),
                new PrintStream(out, false, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
        return new Result(exitCode, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }
}
