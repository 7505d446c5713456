package io.kelpie.it.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.it.cluster.Distribution;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
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
