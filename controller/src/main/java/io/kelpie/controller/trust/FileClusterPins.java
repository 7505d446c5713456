package io.kelpie.controller.trust;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;

/**
 * A controller's pin in a file of its data folder:
 *
 * <pre>
 * kelpie-cluster 1
 * cluster &lt;uuid&gt;
 * epoch &lt;number&gt;
 * crc32 &lt;8 hexadecimal digits of all bytes before this line&gt;
 * </pre>
 *
 * It is replaced as a whole, and on disk before anyone relies on it.
 */
public final class FileClusterPins implements ClusterPins {
    /** Name of the file in the data folder. */
    public static final String NAME = "cluster";

    private static final Pattern FORM =
            Pattern.compile("(kelpie-cluster 1\ncluster ([0-9a-f-]{36})\nepoch ([0-9]{1,18})\n)crc32 ([0-9a-f]{8})\n");

    private final Path file;
    private volatile Optional<ClusterPin> pin;

    private FileClusterPins(Path file, Optional<ClusterPin> pin) {
        this.file = file;
        this.pin = pin;
    }

    /**
     * Reads the file; one that is not there stands for a controller that has never belonged to a cluster.
     *
     * @throws IOException if it cannot be read or is not what this class wrote. It is never guessed: a controller that
     *     forgot its cluster would make a new one in a store that has lost its records
     */
    public static FileClusterPins open(Path dataFolder) throws IOException {
        Path file = dataFolder.resolve(NAME);
        if (!Files.exists(file)) {
            return new FileClusterPins(file, Optional.empty());
        }
        return new FileClusterPins(file, Optional.of(parse(file, Files.readString(file, StandardCharsets.ISO_8859_1))));
    }

    private static ClusterPin parse(Path file, String text) throws IOException {
        Matcher form = FORM.matcher(text);
        if (!form.matches()) {
            throw damaged(file, "it has not the form that this controller writes");
        }
        if (!form.group(4).equals(checksum(form.group(1)))) {
            throw damaged(file, "its checksum is wrong");
        }
        try {
            return new ClusterPin(UUID.fromString(form.group(2)), Long.parseLong(form.group(3)));
        } catch (IllegalArgumentException notOurs) {
            throw damaged(file, "its UUID or its epoch is none");
        }
    }

    private static IOException damaged(Path file, String why) {
        return new IOException(file + " does not say which cluster this controller belongs to: " + why
                + ". Fix: restore the file from a copy; or, after making sure that this controller's store is the right"
                + " one (compare its cluster UUID and epoch with: kelpie cluster status), remove the file");
    }

    @Override
    public Optional<ClusterPin> get() {
        return pin;
    }

    @Override
    public synchronized void raise(UUID cluster, long epoch) throws IOException {
        Optional<ClusterPin> next = PinChange.raised(pin, cluster, epoch);
        if (next.isPresent()) {
            replace(next.get());
        }
    }

    @Override
    public synchronized void replace(ClusterPin next) throws IOException {
        String text = "kelpie-cluster 1\ncluster " + next.cluster() + "\nepoch " + next.epoch() + "\n";
        write(text + "crc32 " + checksum(text) + "\n");
        pin = Optional.of(next);
    }

    private void write(String text) throws IOException {
        Path temporary = file.resolveSibling(NAME + ".tmp");
        try (FileChannel channel = FileChannel.open(
                temporary, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        try (FileChannel folder = FileChannel.open(file.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
            folder.force(true);
        }
    }

    private static String checksum(String text) {
        CRC32 crc = new CRC32();
        crc.update(text.getBytes(StandardCharsets.ISO_8859_1));
        return String.format(Locale.ROOT, "%08x", crc.getValue());
    }
}
