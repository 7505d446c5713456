package io.kelpie.cli.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kelpie.cli.CliException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TargetTest {
    @TempDir
    private Path home;

    private Path file;

    @BeforeEach
    void config() throws IOException {
        file = home.resolve(".config/kelpie/config.yaml");
        Files.createDirectories(file.getParent());
        Files.writeString(file, """
                context: home
                contexts:
                  home: {controllers: ["127.0.0.1:7400"]}
                  work: {controllers: ["w1:7400", "w2:7400"], namespace: shop}
                """);
    }

    @Test
    void optionBeforeEnvironmentBeforeFile() {
        assertThat(find(null, null, null, Map.of())).isEqualTo("[127.0.0.1:7400] default");
        assertThat(find(null, null, null, Map.of("KELPIE_CONTEXT", "work"))).isEqualTo("[w1:7400, w2:7400] shop");
        assertThat(find(null, "home", null, Map.of("KELPIE_CONTEXT", "work"))).isEqualTo("[127.0.0.1:7400] default");
        assertThat(find(null, null, null, Map.of("KELPIE_CONTROLLERS", "e1:1, e2:2")))
                .isEqualTo("[e1:1, e2:2] default");
        assertThat(find("o1:1,o1:1", null, null, Map.of("KELPIE_CONTROLLERS", "e1:1")))
                .isEqualTo("[o1:1] default");
        assertThat(find(null, "work", "lab", Map.of())).isEqualTo("[w1:7400, w2:7400] lab");
    }

    @Test
    void theFileMayLieElsewhere() throws IOException {
        Path other =
                Files.writeString(home.resolve("other.yaml"), "context: x\ncontexts: {x: {controllers: [\"x:1\"]}}\n");

        assertThat(find(null, null, null, Map.of("KELPIE_CONFIG", other.toString())))
                .isEqualTo("[x:1] default");
    }

    @Test
    void theFileIsNotNeededWhenAllIsSaid() throws IOException {
        Files.writeString(file, "not: [yaml");

        assertThat(find("o1:1", null, "shop", Map.of())).isEqualTo("[o1:1] shop");
    }

    @Test
    void mistakesSayWhereAndWhatToDo() throws IOException {
        assertThatThrownBy(() -> find(null, "wrok", null, Map.of()))
                .isInstanceOf(CliException.class)
                .hasMessage("there is no context 'wrok' in " + file)
                .extracting("fix")
                .isEqualTo("name one of home, work");
        assertThatThrownBy(() -> find("nonsense", null, null, Map.of()))
                .hasMessage("--controllers: 'nonsense' is not an address");
        assertThatThrownBy(() -> find(null, null, null, Map.of("KELPIE_CONTROLLERS", "nonsense")))
                .hasMessage("KELPIE_CONTROLLERS: 'nonsense' is not an address");
        Files.writeString(file, "contxt: home\n");
        assertThatThrownBy(() -> find(null, null, null, Map.of()))
                .hasMessage(file + ":1:1: contxt: unknown key")
                .extracting("fix")
                .isEqualTo("did you mean 'context'?");
        Files.delete(file);
        assertThatThrownBy(() -> find(null, null, null, Map.of()))
                .hasMessage("no controller is named")
                .extracting("fix")
                .asString()
                .contains("--controllers host:port", "KELPIE_CONTROLLERS", file.toString());
    }

    private String find(
            @Nullable String controllers,
            @Nullable String context,
            @Nullable String namespace,
            Map<String, String> environment) {
        Target target = Target.find(controllers, context, namespace, environment, home);
        return target.controllers() + " " + target.namespace();
    }
}
