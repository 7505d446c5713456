package io.kelpie.it.distribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kelpie.it.cluster.Commands;
import io.kelpie.it.cluster.Distribution;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DistributionTest {
    private final Distribution distribution = Distribution.built();

    @ParameterizedTest
    @ValueSource(strings = {"kelpie", "kelpie-agent", "kelpie-controller", "kelpie-guard"})
    void programsCanBeExecuted(String program) {
        assertThat(distribution.program(program)).isExecutable();
    }

    @ParameterizedTest
    @CsvSource({
        "cli,io.kelpie.cli.Main",
        "agent,io.kelpie.agent.server.AgentMain",
        "controller,io.kelpie.controller.server.ControllerMain"
    })
    void aProgramsJarFindsItsMainClassAndAllItsLibraries(String program, String mainClass) throws IOException {
        try (JarFile jar = new JarFile(jar(program).toFile())) {
            Attributes manifest = jar.getManifest().getMainAttributes();
            assertThat(manifest.getValue(Attributes.Name.MAIN_CLASS)).isEqualTo(mainClass);
            assertThat(jar.getEntry(mainClass.replace('.', '/') + ".class")).isNotNull();
            List<String> libraries =
                    List.of(manifest.getValue(Attributes.Name.CLASS_PATH).split(" "));
            assertThat(libraries)
                    .isNotEmpty()
                    .allSatisfy(library -> assertThat(
                                    distribution.folder().resolve("lib").resolve(library))
                            .exists());
        }
    }

    @Test
    void replayIsStartedByTheFirstWordAndNeedsNoCluster(@TempDir Path folder) throws Exception {
        Path vms = Files.writeString(folder.resolve("vms.csv"), "vm,vcpus,memory_gib\na,2,4\nb,8,8\n");
        String kelpie = distribution.program("kelpie").toString();

        assertThat(Commands.run(
                        kelpie, "replay", "--uniform", "8x16", "--count", "1", "--vms", vms.toString(), "-o", "json"))
                .startsWith("{\"placed\":1,\"rejected\":{")
                .contains("\"violations\":0}");
        assertThat(Commands.run(kelpie, "replay", "--help")).startsWith("Usage: kelpie replay ");
        assertThat(Commands.run(kelpie, "--help")).contains("replay");
        assertThatThrownBy(() -> Commands.run(kelpie, "replay", "--vms", vms.toString()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("ended with 2")
                .hasMessageContaining("no pool is given");
    }

    @Test
    void theCommandLineCarriesNoServer() throws IOException {
        try (JarFile jar = new JarFile(jar("cli").toFile())) {
            assertThat(jar.getManifest().getMainAttributes().getValue(Attributes.Name.CLASS_PATH))
                    .doesNotContain("zookeeper")
                    .doesNotContain("kelpie-controller")
                    .doesNotContain("kelpie-agent");
        }
    }

    private Path jar(String program) throws IOException {
        try (Stream<Path> files = Files.list(distribution.folder().resolve("lib"))) {
            List<Path> found = files.filter(
                            file -> file.getFileName().toString().matches("kelpie-" + program + "-\\d.*\\.jar"))
                    .toList();
            assertThat(found).hasSize(1);
            return found.get(0);
        }
    }
}
