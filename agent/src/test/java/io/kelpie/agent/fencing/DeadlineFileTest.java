package io.kelpie.agent.fencing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeadlineFileTest {
    @TempDir
    Path folder;

    private Path path;
    private DeadlineFile file;

    @BeforeEach
    void make() {
        path = folder.resolve("deadline");
        file = new DeadlineFile(SmallFile.untilReboot(path));
    }

    @Test
    void theTextIsWhatGuardsRead() throws IOException {
        file.write(Deadline.at("boot-1", 81, 93_000_000_007L));
        String body = "kelpie-deadline 1\nboot boot-1\nlineage 81\ndeadline 93000000007\n";
        assertThat(path).hasContent(body + "crc32 bf2687af\n");
        assertThat(Files.list(folder)).as("nothing is left beside it").containsExactly(path);
    }

    @Test
    void whatWasWrittenIsRead() throws IOException {
        assertThat(file.read()).isEmpty();
        for (Deadline deadline : new Deadline[] {
            Deadline.at("boot-1", Long.MAX_VALUE, 0), Deadline.none("boot-1", 1), Deadline.thaw("boot-2", 2)
        }) {
            file.write(deadline);
            assertThat(file.read()).contains(deadline);
        }
    }

    @Test
    void everyDamageCountsAsNoLease() throws IOException {
        file.write(Deadline.thaw("boot-1", 81));
        byte[] whole = Files.readAllBytes(path);
        for (int length = 0; length < whole.length; length++) {
            Files.write(path, Arrays.copyOf(whole, length));
            assertThat(file.read()).as("cut to %d bytes", length).isEmpty();
        }
        for (int at = 0; at < whole.length; at++) {
            byte[] flipped = whole.clone();
            flipped[at] ^= 0x01;
            Files.write(path, flipped);
            assertThat(file.read()).as("byte %d differs", at).isEmpty();
        }
        Files.writeString(path, "more\n" + new String(whole, StandardCharsets.UTF_8));
        assertThat(file.read()).isEmpty();
        Files.write(path, new byte[] {(byte) 0xff, (byte) 0xfe});
        assertThat(file.read()).isEmpty();
    }

    @Test
    void aNumberThatIsNoneCountsAsNoLease() {
        String body = "kelpie-deadline 1\nboot b\nlineage 1\ndeadline soon\n";
        assertThat(DeadlineFile.decode(Checksum.append(body))).isEmpty();
    }
}
