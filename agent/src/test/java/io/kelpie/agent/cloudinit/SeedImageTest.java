package io.kelpie.agent.cloudinit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SeedImageTest {
    private static final int SECTOR = 2048;
    private static final String INSTANCE = "5a3f3c2e-0000-8000-8000-000000000001/1";
    private static final String META_DATA = "instance-id: \"" + INSTANCE + "\"\nlocal-hostname: \"web-0\"\n";

    @TempDir
    Path folder;

    @Test
    void holdsTheFilesUnderTheirNamesInBothTrees() throws Exception {
        String large = "#cloud-config\n" + "# é ".repeat(10_000);
        byte[] iso = seed(Optional.of(large), Optional.of("version: 2\n"));
        Map<String, String> expected =
                Map.of("meta-data", META_DATA, "user-data", large, "network-config", "version: 2\n");
        assertThat(read(iso, 17)).isEqualTo(expected);
        Map<String, String> primary = read(iso, 16);
        assertThat(primary.keySet()).containsExactly("META-DATA.;1", "NETWORK-CONFIG.;1", "USER-DATA.;1");
        assertThat(primary.values()).containsExactlyInAnyOrderElementsOf(expected.values());
        assertThat(new String(iso, 16 * SECTOR + 40, 32, StandardCharsets.US_ASCII))
                .isEqualTo(String.format("%-32s", "CIDATA"));
        assertThat(iso.length % SECTOR).isZero();
    }

    @Test
    void withoutUserDataThereIsAnEmptyConfigAndNoNetworkConfig() throws Exception {
        assertThat(read(seed(Optional.empty(), Optional.empty()), 17))
                .isEqualTo(Map.of("meta-data", META_DATA, "user-data", "#cloud-config\n"));
    }

    @Test
    void hostnameCannotLeaveItsLine() throws Exception {
        Path target = folder.resolve("seed.iso");
        SeedImage.write(target, "i", "a\": b\u2028c", Optional.empty(), Optional.empty());
        assertThat(read(Files.readAllBytes(target), 17))
                .containsEntry("meta-data", "instance-id: \"i\"\nlocal-hostname: \"a\\\": b\\u2028c\"\n");
        for (String hostname : List.of("a\nruncmd: [x]", "a\0", "a\u0085b", "a\u007f")) {
            assertThatThrownBy(() -> SeedImage.write(target, "i", hostname, Optional.empty(), Optional.empty()))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void isReplacedWholeAndReadableByItsOwnerOnly() throws Exception {
        byte[] first = seed(Optional.of("one"), Optional.empty());
        byte[] second = seed(Optional.of("two"), Optional.empty());
        assertThat(second).isNotEqualTo(first);
        assertThat(seed(Optional.of("two"), Optional.empty())).isEqualTo(second);
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactly(folder.resolve("seed.iso"));
        }
        assertThat(Files.getPosixFilePermissions(folder.resolve("seed.iso")))
                .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    }

    @Test
    @Tag("real")
    void anotherReaderFindsTheSame() throws Exception {
        seed(Optional.of("#cloud-config\n"), Optional.of("version: 2\n"));
        Process xorriso = new ProcessBuilder(
                        "xorriso",
                        "-osirrox",
                        "on",
                        "-indev",
                        folder.resolve("seed.iso").toString(),
                        "-extract",
                        "/",
                        folder.resolve("out").toString())
                .redirectErrorStream(true)
                .start();
        String output = new String(xorriso.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(xorriso.waitFor()).as(output).isZero();
        assertThat(output).contains("Volume id    : 'CIDATA'");
        assertThat(folder.resolve("out/meta-data")).hasContent(META_DATA);
        assertThat(folder.resolve("out/user-data")).hasContent("#cloud-config\n");
        assertThat(folder.resolve("out/network-config")).hasContent("version: 2\n");
        // Read-only folders of the volume would keep the temporary folder from being removed.
        Files.setPosixFilePermissions(folder.resolve("out"), PosixFilePermissions.fromString("rwx------"));
    }

    private byte[] seed(Optional<String> userData, Optional<String> networkConfig) throws Exception {
        Path target = folder.resolve("seed.iso");
        SeedImage.write(target, INSTANCE, "web-0", userData, networkConfig);
        return Files.readAllBytes(target);
    }

    /** The files of a tree, read as a guest does it: descriptor, root folder, records. */
    private static Map<String, String> read(byte[] iso, int descriptorSector) {
        ByteBuffer buffer = ByteBuffer.wrap(iso).order(ByteOrder.LITTLE_ENDIAN);
        int descriptor = descriptorSector * SECTOR;
        boolean joliet = buffer.get(descriptor) == 2;
        assertThat(new String(iso, descriptor + 1, 5, StandardCharsets.US_ASCII))
                .isEqualTo("CD001");
        assertThat(buffer.getInt(descriptor + 80)).isEqualTo(iso.length / SECTOR);
        int folder = buffer.getInt(descriptor + 156 + 2) * SECTOR;
        Map<String, String> files = new LinkedHashMap<>();
        for (int at = folder; buffer.get(at) != 0; at += buffer.get(at) & 0xff) {
            if ((buffer.get(at + 25) & 2) != 0) {
                continue;
            }
            int nameLength = buffer.get(at + 32);
            String name = new String(
                    iso, at + 33, nameLength, joliet ? StandardCharsets.UTF_16BE : StandardCharsets.US_ASCII);
            int start = buffer.getInt(at + 2) * SECTOR;
            int length = buffer.getInt(at + 10);
            assertThat(buffer.duplicate().order(ByteOrder.BIG_ENDIAN).getInt(at + 14))
                    .isEqualTo(length);
            files.put(joliet ? name.replace(";1", "") : name, new String(iso, start, length, StandardCharsets.UTF_8));
        }
        return files;
    }
}
