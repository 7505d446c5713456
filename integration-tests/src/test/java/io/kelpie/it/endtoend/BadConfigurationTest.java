package io.kelpie.it.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.it.cluster.Distribution;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A server whose configuration is wrong does not start, names the key and the fix, and leaves nothing behind. */
@Tag("real")
class BadConfigurationTest {
    private static final int SECONDS_MAX = 60;

    @TempDir
    private Path folder;

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "placement: pack                     | placement: ",
                "placement: {policy: worst}          | placement.policy: ",
                "placement: {startsInFlight: 10001}  | placement.startsInFlight: ",
                "placement: {preferWeight: 101}      | placement.preferWeight: ",
                "placement: {imageWeight: -1}        | placement.imageWeight: ",
                "placement: {nPlusOne: always}       | placement.nPlusOne: ",
                "placement: {imageWight: 1}          | placement.imageWight: ",
            })
    void aControllerDoesNotStart(String line, String key) throws Exception {
        isRefused("kelpie-controller", "dataFolder: %s\nembeddedZooKeeper: true\n", line, key);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "reserved: {cpus: -1}                             | reserved.cpus: ",
                "reserved: {memory: 1GB}                          | reserved.memory: ",
                "reserved: {disk: 1Gi}                            | reserved.disk: ",
                "taints: [{value: a}]                             | taints[0].key: ",
                "taints: [{key: a, value: a b}]                   | taints[0].value: ",
                "taints: [{key: a, effect: noExecute}]            | taints[0].effect: ",
                "devices: {GPU: []}                               | devices.GPU: ",
                "devices: {gpu: 2}                                | devices.gpu: ",
                "devices: {gpu: ['3b:00.0']}                      | devices.gpu: ",
                "capacity: {hugepages: {4Mi: 1}}                  | capacity.hugepages.4Mi: ",
                "capacity: {hugepages: {2Mi: -1}}                 | capacity.hugepages.2Mi: ",
                "capacity: {numaNodes: [{cpus: 1}]}               | capacity.numaNodes[0].memory: ",
                "capacity: {numaNodes: [{memory: 1Gi}]}           | capacity.numaNodes[0].cpus: ",
                "capacity: {numaNodes: [{id: 1024, cpus: 1, memory: 1Gi}]} | capacity.numaNodes[0].id: ",
                "capacity: {cpuModels: [EPYC]}                    | capacity.cpuModels: ",
                "capacity: {cachedImages: [x]}                    | capacity.cachedImages: ",
            })
    void anAgentDoesNotStart(String line, String key) throws Exception {
        isRefused("kelpie-agent", "dataFolder: %s\ncontrollers: ['127.0.0.1:1']\n", line, key);
    }

    private void isRefused(String program, String good, String line, String key) throws Exception {
        Path data = folder.resolve("data");
        Path config = Files.writeString(folder.resolve("config.yaml"), good.formatted(data) + line + "\n");
        Path said = folder.resolve("said");
        Process process = new ProcessBuilder(
                        Distribution.built().program(program).toString(), "--config", config.toString())
                .redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectOutput(said.toFile())
                .start();
        try {
            assertThat(process.waitFor(SECONDS_MAX, TimeUnit.SECONDS))
                    .as(() -> "it ended; it said " + read(said))
                    .isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(process.exitValue()).as(read(said)).isEqualTo(2);
        assertThat(read(said)).contains(config + ":", key, "Fix: ").hasLineCount(1);
        assertThat(data).doesNotExist();
    }

    private static String read(Path file) {
        try {
            return Files.readString(file, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new AssertionError("cannot read " + file, e);
        }
    }
}
