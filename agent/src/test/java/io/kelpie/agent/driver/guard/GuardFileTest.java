package io.kelpie.agent.driver.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kelpie.agent.driver.InstanceId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;
import java.util.zip.CRC32;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

public class GuardFileTest {
    private static final String RECORD =
            "kelpie-guard 1\ninstance 7b1f6a52-3a5c-4d55-9d6c-000000000001/3\nboot b\nguard 12 34\nqemu 13 35\n";

    @TempDir
    private Path folder;

    private Path file;

    @BeforeEach
    void nameFile() {
        file = folder.resolve("file");
    }

    /** Writes a file as a guard would. */
    public static void write(Path file, String body) throws IOException {
        CRC32 crc = new CRC32();
        crc.update(body.getBytes(StandardCharsets.ISO_8859_1));
        Files.writeString(file, body + String.format("crc32 %08x\n", crc.getValue()), StandardCharsets.ISO_8859_1);
    }

    @Test
    void readsARecord() throws Exception {
        write(file, RECORD);

        assertThat(GuardRecord.read(file))
                .contains(new GuardRecord(
                        new InstanceId(UUID.fromString("7b1f6a52-3a5c-4d55-9d6c-000000000001"), 3),
                        "b",
                        new ProcessIdentity(12, 34),
                        new ProcessIdentity(13, 35)));
    }

    @Test
    void refusesARecordThatDoesNotNameBothProcesses() throws Exception {
        write(file, RECORD.replace("qemu 13 35\n", ""));

        assertThatThrownBy(() -> GuardRecord.read(file)).isInstanceOf(IOException.class);
    }

    @Test
    void readsAnExit() throws Exception {
        write(file, """
                kelpie-exit 1
                instance i
                ended exit 0
                answered yes
                shutdown {"event": "SHUTDOWN", "data": {"guest": true, "reason": "guest-shutdown"}}
                """);

        assertThat(GuardExit.read(file))
                .contains(new GuardExit(GuardExit.How.EXITED, 0, true, Optional.of("guest-shutdown")));
    }

    @Test
    void readsTheEndsOfALease() throws Exception {
        write(file, "kelpie-exit 1\ninstance i\nended refused 0\nanswered no\n");
        assertThat(GuardExit.read(file)).contains(new GuardExit(GuardExit.How.REFUSED, 0, false, Optional.empty()));

        write(file, "kelpie-exit 1\ninstance i\nended deadline 9\nanswered yes\n");
        assertThat(GuardExit.read(file)).contains(new GuardExit(GuardExit.How.DEADLINE, 9, true, Optional.empty()));
    }

    @Test
    void noFileIsNoRecordAndNoExit() throws Exception {
        assertThat(GuardRecord.read(file)).isEmpty();
        assertThat(GuardExit.read(file)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "kelpie-guard 1\n", RECORD, RECORD + "crc32 00000000\n", RECORD + "crc32 "})
    void aDamagedFileIsRefused(String text) throws Exception {
        Files.writeString(file, text);

        assertThatThrownBy(() -> GuardRecord.read(file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(file.toString());
    }

    @Test
    void everyChangeOfAByteIsSeen() throws Exception {
        write(file, RECORD);
        byte[] good = Files.readAllBytes(file);
        for (int i = 0; i < good.length; i++) {
            byte[] bad = good.clone();
            bad[i] ^= 1;
            Files.write(file, bad);
            assertThatThrownBy(() -> GuardRecord.read(file)).as("byte %d", i).isInstanceOf(IOException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "kelpie-guard 2\ninstance 7b1f6a52-3a5c-4d55-9d6c-000000000001/3\nboot b\nguard 12 34\n",
                "kelpie-guard 1\nboot b\nguard 12 34\n",
                "kelpie-guard 1\ninstance x/3\nboot b\nguard 12 34\n",
                "kelpie-guard 1\ninstance 7b1f6a52-3a5c-4d55-9d6c-000000000001/3\nboot b\nguard -12 34\n",
                "kelpie-guard 1\ninstance 7b1f6a52-3a5c-4d55-9d6c-000000000001/3\nboot b\nguard 12\n",
                "kelpie-guard 1\ninstance 7b1f6a52-3a5c-4d55-9d6c-000000000001/3\nboot b\nguard\n",
            })
    void aMalformedRecordIsRefused(String body) throws Exception {
        write(file, body);

        assertThatThrownBy(() -> GuardRecord.read(file)).isInstanceOf(IOException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "kelpie-exit 1\nended later 0\nanswered yes\n",
                "kelpie-exit 1\nended exit x\nanswered yes\n",
                "kelpie-exit 1\nended exit 0\n",
                "kelpie-exit 1\nended exit 0\nanswered yes\nshutdown {\n",
            })
    void aMalformedExitIsRefused(String body) throws Exception {
        write(file, body);

        assertThatThrownBy(() -> GuardExit.read(file)).isInstanceOf(IOException.class);
    }
}
