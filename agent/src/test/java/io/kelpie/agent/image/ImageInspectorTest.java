package io.kelpie.agent.image;

import static io.kelpie.agent.image.Qcow2Builder.qcow2;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.kelpie.agent.driver.LaunchSpec.DiskFormat;
import io.kelpie.agent.spec.FieldRejectedException;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ImageInspectorTest {
    private static final String FIELD = "spec.vm.boot.image.file";

    @TempDir
    Path folder;

    static Stream<Arguments> refused() {
        long mib = 1 << 20;
        return Stream.of(
                arguments("empty file", new byte[0], "is empty"),
                arguments("backing file", qcow2().backing("/etc/passwd").bytes(), "backing file: /etc/passwd"),
                arguments(
                        "json: backing",
                        qcow2().backing("json:{\"driver\":\"nbd\",\"host\":\"10.0.0.1\"}")
                                .bytes(),
                        "backing file: json:{"),
                arguments("nbd: backing", qcow2().backing("nbd:10.0.0.1:1").bytes(), "backing file: nbd:10.0.0.1:1"),
                arguments(
                        "backing name with an escape",
                        qcow2().backing("a\u001b[2Jb").bytes(),
                        "backing file: a?[2Jb"),
                arguments(
                        "backing of version 2", qcow2().version(2).backing("/x").bytes(), "backing file: /x"),
                arguments("external data bit", qcow2().incompatible(1 << 2).bytes(), "keeps its data in another file"),
                arguments(
                        "data file name only", qcow2().extension(0x44415441).bytes(), "keeps its data in another file"),
                arguments("encrypted", qcow2().encrypted().bytes(), "is encrypted"),
                arguments("LUKS header", qcow2().extension(0x0537be77).bytes(), "is encrypted"),
                arguments("corrupt bit", qcow2().incompatible(1 << 1).bytes(), "marked as corrupt"),
                arguments("dirty bit", qcow2().incompatible(1).bytes(), "not closed cleanly"),
                arguments("unknown feature", qcow2().incompatible(1L << 40).bytes(), "features that are not known"),
                arguments("qcow version 1", qcow2().version(1).bytes(), "has qcow version 1"),
                arguments("version 4", qcow2().version(4).bytes(), "has qcow version 4"),
                arguments("cluster size", qcow2().clusterBits(40).bytes(), "clusters of an impossible size"),
                arguments("1 PiB", qcow2().virtualSize(1L << 50).bytes(), "not 1 to 17592186044416 (16Ti)"),
                arguments("negative size", qcow2().virtualSize(-1).bytes(), "18446744073709551615 bytes"),
                arguments("no size", qcow2().virtualSize(0).bytes(), "0 bytes"),
                arguments("odd size", qcow2().virtualSize(mib + 1).bytes(), "not a multiple of 512"),
                arguments("cut in the header", qcow2().cutTo(50).bytes(), "ends within its qcow2 header"),
                arguments("cut in a v3 header", qcow2().cutTo(90).bytes(), "ends within its qcow2 header"),
                arguments("cut before the L1 table", qcow2().cutTo(150_000).bytes(), "is cut short"),
                arguments("cut before the data", qcow2().cutTo(5 * 65536).bytes(), "ends before its data does"),
                arguments("cut before the L2 table", qcow2().cutTo(4 * 65536).bytes(), "before its L2 table does"),
                arguments("L1 beyond the end", qcow2().l1Offset(1L << 40).bytes(), "before its L1 table does"),
                arguments("negative L1", qcow2().l1Offset(-65536).bytes(), "before its L1 table does"),
                arguments("L1 too small", qcow2().virtualSize(1L << 40).bytes(), "L1 table that does not fit"),
                arguments("L1 too large", qcow2().l1Entries(-1).bytes(), "L1 table that does not fit"),
                arguments("data beyond the end", qcow2().dataOffset(1L << 40).bytes(), "ends before its data does"),
                arguments("VMDK", padded("KDMV"), "of format VMDK"),
                arguments("VMDK descriptor", padded("\n# Disk DescriptorFile\nversion=1"), "of format VMDK"),
                arguments("VHDX", padded("vhdxfile"), "of format VHDX"),
                arguments("VHD, dynamic", padded("conectix"), "of format VHD"),
                arguments("VHD, fixed", withTail("conectix"), "of format VHD"),
                arguments("VDI", padded("<<< Oracle VM VirtualBox Disk Image >>>"), "of format VDI"),
                arguments("QED", padded("QED\0"), "of format QED"),
                arguments("LUKS", padded("LUKS\u00ba\u00be"), "of format LUKS"),
                arguments("gzip", padded("\u001f\u008b"), "of format gzip"),
                arguments("xz", padded("\u00fd7zXZ\0"), "of format xz"),
                arguments("zip", padded("PK\u0003\u0004"), "of format zip"),
                arguments("raw, cut", new byte[1000], "has 1000 bytes"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("refused")
    void refusesBadImagesByNameAndField(String name, byte[] content, String expected) throws IOException {
        Path file = Files.write(folder.resolve("image"), content);
        FieldRejectedException e =
                catchThrowableOfType(FieldRejectedException.class, () -> ImageInspector.inspect(file, FIELD));
        assertThat(e)
                .hasMessageStartingWith(FIELD + ": ")
                .hasMessageContaining(expected)
                .hasMessageContaining("Fix: ");
        assertThat(e.field()).isEqualTo(FIELD);
    }

    @Test
    void acceptsSoundQcow2OfBothVersions() throws Exception {
        for (int version : new int[] {2, 3}) {
            Path file = qcow2().version(version).virtualSize(3 << 20).writeTo(folder.resolve("v" + version));
            assertThat(ImageInspector.inspect(file, FIELD))
                    .isEqualTo(new ImageInspector.Inspection(DiskFormat.QCOW2, 3 << 20));
        }
    }

    @Test
    void acceptsRawAndIsoAsRaw() throws Exception {
        byte[] iso = new byte[40960];
        System.arraycopy("CD001".getBytes(StandardCharsets.US_ASCII), 0, iso, 32769, 5);
        for (byte[] content : new byte[][] {new byte[512], iso}) {
            Path file = Files.write(folder.resolve("raw"), content);
            assertThat(ImageInspector.inspect(file, FIELD))
                    .isEqualTo(new ImageInspector.Inspection(DiskFormat.RAW, content.length));
        }
    }

    @Test
    void overlappingL2TablesDoNotMultiplyTheWork() throws IOException {
        byte[] content = qcow2().virtualSize(3584L << 20).l1Entries(7).bytes();
        for (int i = 0; i < 7; i++) {
            System.arraycopy(content, 3 * 65536, content, 3 * 65536 + 8 * i, 8);
        }
        Path file = Files.write(folder.resolve("image"), content);
        FieldRejectedException e =
                catchThrowableOfType(FieldRejectedException.class, () -> ImageInspector.inspect(file, FIELD));
        assertThat(e).hasMessageContaining("L2 tables that overlap");
    }

    @ParameterizedTest
    @CsvSource({
        "disk.qcow2, QCOW2, QCOW2",
        "disk.QCOW2, QCOW2, QCOW2",
        "disk.raw, RAW, RAW",
        "disk.img, RAW, ''",
        "disk, '', ''",
        "disk.iso, '', ''"
    })
    void namesPromiseFormats(String name, String inPool, String byUrl) {
        assertThat(ImageInspector.promisedBy(new ImageSource.FileSource(name, Optional.empty())))
                .isEqualTo(format(inPool));
        assertThat(ImageInspector.promisedBy(
                        new ImageSource.UrlSource(URI.create("http://images/" + name + "?x=.raw"), "")))
                .isEqualTo(format(byUrl));
    }

    private static Optional<DiskFormat> format(String name) {
        return Arrays.stream(DiskFormat.values())
                .filter(format -> format.name().equals(name))
                .findFirst();
    }

    private static byte[] padded(String start) {
        return Arrays.copyOf(start.getBytes(StandardCharsets.ISO_8859_1), 4096);
    }

    private static byte[] withTail(String start) {
        byte[] content = new byte[4096];
        byte[] tail = start.getBytes(StandardCharsets.ISO_8859_1);
        System.arraycopy(tail, 0, content, 4096 - 512, tail.length);
        return content;
    }
}
