package io.kelpie.agent.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.kelpie.agent.spec.FieldRejectedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PoolsTest {
    private static final String FIELD = "spec.vm.boot.image.file";

    @TempDir
    Path folder;

    private Path pool;
    private Path fast;
    private Pools pools;

    @BeforeEach
    void makePools() throws IOException {
        pool = Files.createDirectories(folder.resolve("pool"));
        fast = Files.createDirectories(folder.resolve("pool/fast"));
        Files.createDirectories(pool.resolve("images"));
        Files.writeString(pool.resolve("images/a.raw"), "inside");
        Files.writeString(fast.resolve("b.raw"), "fast");
        Files.writeString(folder.resolve("secret"), "outside");
        Files.createDirectories(folder.resolve("elsewhere"));
        Files.writeString(folder.resolve("elsewhere/c.raw"), "outside");
        Files.createSymbolicLink(pool.resolve("out.raw"), folder.resolve("secret"));
        Files.createSymbolicLink(pool.resolve("outfolder"), folder.resolve("elsewhere"));
        Files.createSymbolicLink(pool.resolve("in.raw"), Path.of("images/a.raw"));
        Files.createSymbolicLink(pool.resolve("loop"), Path.of("loop"));
        Files.createDirectories(pool.resolve("kelpie/vms/x/kept"));
        Files.writeString(pool.resolve("kelpie/vms/x/kept/root.raw"), "another VM's");
        Files.createSymbolicLink(pool.resolve("vm.raw"), Path.of("kelpie/vms/x/kept/root.raw"));
        Files.createSymbolicLink(folder.resolve("link"), pool);
        pools = new Pools(List.of(
                new PoolConfig("default", pool, false),
                new PoolConfig("fast", fast, true),
                new PoolConfig("linked", folder.resolve("link"), false)));
    }

    @ParameterizedTest
    @CsvSource({
        "images/a.raw, inside",
        "./images//a.raw, inside",
        "in.raw, inside",
        "$/pool/images/a.raw, inside",
        "$/pool/fast/b.raw, fast",
        "$/link/images/a.raw, inside"
    })
    void opensFilesOfPools(String path, String content) throws Exception {
        try (PoolFile file = pools.open(path.replace("$", folder.toString()), FIELD)) {
            ByteBuffer read = ByteBuffer.allocate(100);
            assertThat(file.channel().read(read)).isEqualTo(content.length());
            assertThat(new String(read.array(), 0, read.position(), StandardCharsets.UTF_8))
                    .isEqualTo(content);
            assertThat(file.realPath()).isEqualTo(file.realPath().toRealPath());
            assertThat(file.version().sizeBytes()).isEqualTo(content.length());
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "$/secret | is outside this host's pools",
                "/etc/passwd | is outside this host's pools",
                "$/poolx/images/a.raw | is outside this host's pools",
                "/proc/self/environ | is outside this host's pools",
                "../secret | has '..' in it",
                "images/../../secret | has '..' in it",
                "$/pool/../secret | has '..' in it",
                "out.raw | out of pool default",
                "outfolder/c.raw | out of pool default",
                "missing.raw | there is no file missing.raw in pool default",
                "images/a.raw/x | cannot be opened",
                "%2e%2e/secret | there is no file",
                "loop | cannot be opened",
                "images | is not a regular file",
                "kelpie/vms/x/kept/root.raw | lies among the disks of VMs",
                "vm.raw | lies among the disks of VMs",
                "json:{} | looks like a protocol",
                "nbd:10.0.0.1:1 | looks like a protocol",
                "fat:rw:/etc | looks like a protocol",
                "'' | a path has 1 to 4096 characters"
            })
    void refusesAllElse(String path, String expected) {
        FieldRejectedException e = catchThrowableOfType(
                FieldRejectedException.class, () -> pools.resolve(path.replace("$", folder.toString()), FIELD));
        assertThat(e)
                .hasMessageStartingWith(FIELD + ": ")
                .hasMessageContaining(expected)
                .hasMessageContaining("Fix: ");
        assertThat(e.field()).isEqualTo(FIELD);
    }

    @Test
    void refusesControlCharacters() {
        for (String path : List.of("a\nb", "a\0b", "a\u001b[2J")) {
            assertThatThrownBy(() -> pools.resolve(path, FIELD))
                    .isInstanceOf(FieldRejectedException.class)
                    .hasMessageContaining("control character");
        }
    }

    @Test
    void versionChangesWithTheContent() throws Exception {
        FileVersion before = FileVersion.of(pool.resolve("images/a.raw"));
        Files.writeString(pool.resolve("images/a.raw"), "other!");
        assertThat(FileVersion.of(pool.resolve("images/a.raw"))).isNotEqualTo(before);
    }

    @Test
    void missingPoolIsTheHostsFault() throws IOException {
        Pools unmounted = new Pools(List.of(new PoolConfig("default", folder.resolve("none"), true)));
        assertThatThrownBy(() -> unmounted.resolve("x.raw", FIELD))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("pool default");
        assertThat(unmounted.usage()).containsExactly(new PoolUsage("default", folder.resolve("none"), true, 0, 0));
    }

    @Test
    void usageShowsTheFileSystem() {
        assertThat(pools.usage()).hasSize(3).allSatisfy(usage -> {
            assertThat(usage.totalMib()).isPositive();
            assertThat(usage.freeMib()).isBetween(0L, usage.totalMib());
        });
    }

    @Test
    void configurationIsChecked() {
        PoolConfig one = new PoolConfig("default", pool, false);
        assertThatThrownBy(() -> new Pools(List.of(one, one))).hasMessageContaining("two pools are named default");
        assertThatThrownBy(() -> new Pools(List.of(new PoolConfig("fast", fast, true))))
                .hasMessageContaining("no pool named default");
        assertThatThrownBy(() -> new Pools(List.of(new PoolConfig("default", Path.of("pool"), false))))
                .hasMessageContaining("is not absolute");
    }
}
