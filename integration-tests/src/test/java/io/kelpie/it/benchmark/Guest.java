package io.kelpie.it.benchmark;

import io.kelpie.it.cluster.BootSector;
import io.kelpie.it.cluster.Commands;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The guest that is started in every way: a boot sector on a qcow2 overlay over a qcow2 image, and one sparse data disk.
 */
final class Guest {
    static final int MEMORY_MIB = 32;
    static final int ROOT_MIB = 64;
    static final int DATA_MIB = 256;

    private Guest() {}

    /** Makes the image that the overlays lie over. */
    static void makeImage(Path image) throws IOException, InterruptedException {
        Path raw = image.resolveSibling(image.getFileName() + ".raw");
        BootSector.writeTo(raw);
        Commands.run("qemu-img", "convert", "-q", "-f", "raw", "-O", "qcow2", raw.toString(), image.toString());
        Files.delete(raw);
    }

    /** Makes the two disks by hand. */
    static void makeDisks(Path image, Path overlay, Path data) throws IOException, InterruptedException {
        List<String> create = List.of("qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", image.toString());
        List<String> arguments = new ArrayList<>(create);
        arguments.add(overlay.toString());
        arguments.add(ROOT_MIB + "M");
        Commands.run(arguments.toArray(String[]::new));
        try (RandomAccessFile file = new RandomAccessFile(data.toFile(), "rw")) {
            file.setLength((long) DATA_MIB << 20);
        }
    }
}
