package io.kelpie.agent.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.kelpie.agent.driver.InstanceId;
import io.kelpie.agent.driver.LaunchSpec.Bus;
import io.kelpie.agent.driver.LaunchSpec.Disk;
import io.kelpie.agent.driver.LaunchSpec.DiskFormat;
import io.kelpie.agent.image.CachedImage;
import io.kelpie.agent.spec.FieldRejectedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskStoreTest {
    private static final UUID VM = UUID.fromString("5a3f3c2e-0000-8000-8000-000000000001");
    private static final InstanceId FIRST = new InstanceId(VM, 1);
    private static final InstanceId SECOND = new InstanceId(VM, 2);
    private static final long TIB_MIB = 1 << 20;

    @TempDir
    Path folder;

    private Path pool;
    private Path shared;
    private QemuImg qemuImg;
    private DiskStore store;

    @BeforeEach
    void open() throws IOException {
        pool = Files.createDirectories(folder.resolve("pool"));
        shared = Files.createDirectories(folder.resolve("shared"));
        qemuImg = new QemuImg(Path.of("qemu-img"));
        store = new DiskStore(
                new Pools(List.of(new PoolConfig("default", pool, false), new PoolConfig("nfs", shared, true))),
                qemuImg);
    }

    @Test
    void dataDisksAreSparseRawFilesInOrder() throws Exception {
        List<Disk> disks = store.prepare(
                FIRST,
                Optional.of(disk("root", 10, false)),
                Optional.empty(),
                List.of(disk("root-2", 20, true), new DiskRequest("old", 5, Bus.IDE, "nfs", false)));
        Path vm = pool.resolve("kelpie/vms/" + VM);
        assertThat(disks)
                .containsExactly(
                        new Disk("root", vm.resolve("1/root.raw"), DiskFormat.RAW, Bus.VIRTIO, false),
                        new Disk("root-2", vm.resolve("kept/data-root-2.raw"), DiskFormat.RAW, Bus.VIRTIO, false),
                        new Disk(
                                "old",
                                shared.resolve("kelpie/vms/" + VM + "/1/data-old.raw"),
                                DiskFormat.RAW,
                                Bus.IDE,
                                false));
        assertThat(disks).extracting(disk -> Files.size(disk.file())).containsExactly(10L << 20, 20L << 20, 5L << 20);
        for (Disk disk : disks) {
            assertThat(Files.getPosixFilePermissions(disk.file()))
                    .isEqualTo(PosixFilePermissions.fromString("rw-------"));
        }
    }

    @Test
    void preparingAgainChangesNothing() throws Exception {
        List<DiskRequest> data = List.of(disk("a", 1, false), disk("b", 1, true));
        List<Disk> disks = store.prepare(FIRST, Optional.empty(), Optional.empty(), data);
        for (Disk disk : disks) {
            Files.write(disk.file(), content());
        }
        assertThat(store.prepare(FIRST, Optional.empty(), Optional.empty(), data))
                .isEqualTo(disks);
        for (Disk disk : disks) {
            assertThat(disk.file()).hasBinaryContent(content());
        }
    }

    @Test
    void keptDisksOutliveInstancesAndOthersDoNot() throws Exception {
        List<DiskRequest> data = List.of(disk("a", 1, false), disk("b", 1, true));
        List<Disk> first = store.prepare(FIRST, Optional.empty(), Optional.empty(), data);
        Files.write(first.get(1).file(), content());
        store.removeInstance(FIRST);
        store.removeInstance(FIRST);
        assertThat(first.get(0).file()).doesNotExist();
        assertThat(store.hasKept(VM)).isTrue();
        List<Disk> second = store.prepare(SECOND, Optional.empty(), Optional.empty(), data);
        assertThat(second.get(0).file()).isNotEqualTo(first.get(0).file()).exists();
        assertThat(second.get(1)).isEqualTo(first.get(1));
        assertThat(second.get(1).file()).hasBinaryContent(content());

        store.removeInstance(SECOND);
        store.removeKept(VM);
        store.removeKept(VM);
        assertThat(store.hasKept(VM)).isFalse();
        assertThat(entries(pool.resolve("kelpie/vms"))).isEmpty();
    }

    @Test
    void keptDisksGrowAndNeverShrink() throws Exception {
        store.prepare(FIRST, Optional.empty(), Optional.empty(), List.of(disk("b", 2, true)));
        List<Disk> grown = store.prepare(SECOND, Optional.empty(), Optional.empty(), List.of(disk("b", 3, true)));
        assertThat(grown.get(0).file()).hasSize(3 << 20);
        FieldRejectedException e = catchThrowableOfType(
                FieldRejectedException.class,
                () -> store.prepare(SECOND, Optional.empty(), Optional.empty(), List.of(disk("b", 1, true))));
        assertThat(e.field()).isEqualTo("spec.vm.disks[0].size");
        assertThat(e).hasMessageContaining("has 3Mi already").hasMessageContaining("at least 3Mi");
        assertThat(grown.get(0).file()).hasSize(3 << 20);
    }

    @Test
    void lackOfSpaceIsToldWithFiguresAndLeavesNothing() throws IOException {
        FieldRejectedException e = catchThrowableOfType(
                FieldRejectedException.class,
                () -> store.prepare(
                        FIRST,
                        Optional.empty(),
                        Optional.empty(),
                        List.of(disk("a", 1, false), disk("b", 900 * TIB_MIB, false))));
        assertThat(e.field()).isEqualTo("spec.vm.disks[1].size");
        assertThat(e)
                .hasMessageContaining("need " + (900 * TIB_MIB + 1) + " MiB of pool default")
                .hasMessageContaining(" MiB free");
        assertThat(entries(pool)).isEmpty();
    }

    @Test
    void anUnknownPoolIsRefusedAndAMissingOneIsTheHostsFault() throws IOException {
        FieldRejectedException e = catchThrowableOfType(
                FieldRejectedException.class,
                () -> store.prepare(
                        FIRST,
                        Optional.of(new DiskRequest("root", 1, Bus.VIRTIO, "gold", false)),
                        Optional.empty(),
                        List.of()));
        assertThat(e.field()).isEqualTo("spec.vm.root.pool");
        assertThat(e).hasMessageContaining("no pool named gold").hasMessageContaining("default, nfs");
        Files.delete(shared);
        assertThatThrownBy(() -> store.prepare(
                        FIRST,
                        Optional.empty(),
                        Optional.empty(),
                        List.of(new DiskRequest("a", 1, Bus.VIRTIO, "nfs", true))))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("pool nfs: there is no folder");
        assertThat(shared).doesNotExist();
    }

    @Test
    void theRootDiskHoldsItsImage() {
        FieldRejectedException e = catchThrowableOfType(
                FieldRejectedException.class,
                () -> store.prepare(
                        FIRST, Optional.of(disk("root", 2, false)), Optional.of(image((2 << 20) + 512)), List.of()));
        assertThat(e.field()).isEqualTo("spec.vm.root.size");
        assertThat(e).hasMessageContaining("has 2Mi, its image needs 3Mi").hasMessageContaining("at least 3Mi");
    }

    @Test
    @Tag("real")
    void rootDisksAreOverlaysMadeAnewOrKept() throws Exception {
        CachedImage image = rawImage();
        List<Disk> anew = store.prepare(FIRST, Optional.of(disk("root", 8, false)), Optional.of(image), List.of());
        Path file = pool.resolve("kelpie/vms/" + VM + "/1/root.qcow2");
        assertThat(anew).containsExactly(new Disk("root", file, DiskFormat.QCOW2, Bus.VIRTIO, false));
        assertThat(qemuImg.info(file, DiskFormat.QCOW2))
                .isEqualTo(new QemuImg.Info(8 << 20, Optional.of(image.path().toString()), Optional.empty(), false));
        assertThat(entries(pool.resolve("kelpie/vms/" + VM + "/1"))).containsExactly("root.qcow2");
        assertThat(Files.getPosixFilePermissions(file)).isEqualTo(PosixFilePermissions.fromString("rw-------"));

        store.prepare(FIRST, Optional.of(disk("root", 8, true)), Optional.of(image), List.of());
        Path kept = pool.resolve("kelpie/vms/" + VM + "/kept/root.qcow2");
        byte[] before = Files.readAllBytes(kept);
        store.prepare(SECOND, Optional.of(disk("root", 8, true)), Optional.of(image), List.of());
        assertThat(kept).hasBinaryContent(before);
        store.prepare(SECOND, Optional.of(disk("root", 9, true)), Optional.of(image), List.of());
        assertThat(qemuImg.info(kept, DiskFormat.QCOW2).virtualSizeBytes()).isEqualTo(9 << 20);
    }

    @Test
    @Tag("real")
    void aKeptRootWithoutItsBaseIsTold() throws Exception {
        CachedImage image = rawImage();
        store.prepare(FIRST, Optional.of(disk("root", 8, true)), Optional.of(image), List.of());
        Files.delete(image.path());
        FieldRejectedException e = catchThrowableOfType(
                FieldRejectedException.class,
                () -> store.prepare(SECOND, Optional.of(disk("root", 8, true)), Optional.of(image), List.of()));
        assertThat(e).hasMessageContaining("needs its base image " + image.path());
    }

    @Test
    @Tag("real")
    void aKeptRootInASharedPoolNeedsNoOtherFile() throws Exception {
        DiskRequest request = new DiskRequest("root", 8, Bus.VIRTIO, "nfs", true);
        List<Disk> disks = store.prepare(FIRST, Optional.of(request), Optional.of(rawImage()), List.of());
        assertThat(qemuImg.info(disks.get(0).file(), DiskFormat.QCOW2))
                .isEqualTo(new QemuImg.Info(8 << 20, Optional.empty(), Optional.empty(), false));
    }

    @Test
    @Tag("real")
    void aFailedDiskLeavesNothing() throws Exception {
        assertThatThrownBy(() -> store.prepare(
                        FIRST, Optional.of(disk("root", 8, true)), Optional.of(image(1 << 20)), List.of()))
                .isInstanceOf(NoSuchFileException.class);
        DiskRequest copied = new DiskRequest("root", 8, Bus.VIRTIO, "nfs", true);
        assertThatThrownBy(() -> store.prepare(FIRST, Optional.of(copied), Optional.of(image(1 << 20)), List.of()))
                .isInstanceOf(QemuImgException.class)
                .hasMessageContaining("qemu-img convert failed");
        assertThat(store.hasKept(VM)).isFalse();
    }

    @Test
    @Tag("real")
    void qemuImgIsHeldToItsFormatAndItsLimits() throws Exception {
        Path raw = rawImage().path();
        assertThatThrownBy(() -> qemuImg.info(raw, DiskFormat.QCOW2)).isInstanceOf(QemuImgException.class);
        assertThat(qemuImg.info(raw, DiskFormat.RAW).virtualSizeBytes()).isEqualTo(1 << 20);
        assertThatThrownBy(() -> qemuImg.info(Path.of("json:{}"), DiskFormat.RAW))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new QemuImg(Path.of("/no/such/qemu-img")).info(raw, DiskFormat.RAW))
                .isInstanceOf(IOException.class)
                .isNotInstanceOf(QemuImgException.class)
                .hasMessageContaining("cannot be run");
    }

    private CachedImage rawImage() throws IOException {
        CachedImage image = image(1 << 20);
        Files.write(image.path(), new byte[1 << 20]);
        return image;
    }

    private CachedImage image(long bytes) {
        return new CachedImage("a".repeat(64), folder.resolve("a".repeat(64) + ".raw"), DiskFormat.RAW, bytes);
    }

    private static byte[] content() {
        byte[] bytes = new byte[1 << 20];
        bytes[100] = 7;
        return bytes;
    }

    private static DiskRequest disk(String name, long sizeMib, boolean keep) {
        return new DiskRequest(name, sizeMib, Bus.VIRTIO, "default", keep);
    }

    private static List<String> entries(Path path) throws IOException {
        try (Stream<Path> entries = Files.list(path)) {
            return entries.map(entry -> entry.getFileName().toString()).toList();
        }
    }
}
