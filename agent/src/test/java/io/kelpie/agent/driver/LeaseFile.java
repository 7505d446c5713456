package io.kelpie.agent.driver;

import com.sun.jna.LastErrorException;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Structure;
import com.sun.jna.Structure.FieldOrder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.zip.CRC32;

/** A host's deadline file, written as an agent writes it; the clock that it is counted by too. */
public final class LeaseFile {
    private static final int CLOCK_BOOTTIME = 7;
    private static final Libc LIBC = Native.load("c", Libc.class);

    private final Path path;

    /** The calls that are needed. */
    interface Libc extends Library {
        int clock_gettime(int clock, Timespec into) throws LastErrorException;
    }

    /** libc's {@code struct timespec}, on machines of 64 bit. */
    @FieldOrder({"seconds", "nanos"})
    public static final class Timespec extends Structure {
        public long seconds;
        public long nanos;
    }

    public LeaseFile(Path path) {
        this.path = path;
    }

    public Path path() {
        return path;
    }

    /** Nanoseconds since boot. */
    public static long bootNanos() {
        Timespec now = new Timespec();
        LIBC.clock_gettime(CLOCK_BOOTTIME, now);
        return now.seconds * 1_000_000_000L + now.nanos;
    }

    /** Ties an instance to this file. */
    public LeaseBond bond(long lineage) {
        return new LeaseBond(path, lineage);
    }

    /** Writes a lease that ends that long from now; returns its end, in nanoseconds since boot. */
    public long holdFor(long lineage, Duration length) throws IOException {
        long end = bootNanos() + length.toNanos();
        write(lineage, Long.toString(end));
        return end;
    }

    /** Writes a lease without an end. */
    public void holdUntilThaw(long lineage) throws IOException {
        write(lineage, "thaw");
    }

    /** Writes that there is no lease. */
    public void lapse(long lineage) throws IOException {
        write(lineage, "none");
    }

    /** Writes a whole file. */
    public void write(long lineage, String deadline) throws IOException {
        writeChecked(body(BootId.current(), lineage, deadline));
    }

    public static String body(String bootId, long lineage, String deadline) {
        return "kelpie-deadline 1\nboot " + bootId + "\nlineage " + lineage + "\ndeadline " + deadline + "\n";
    }

    /** Writes lines with their checksum. */
    public void writeChecked(String body) throws IOException {
        CRC32 crc = new CRC32();
        crc.update(body.getBytes(StandardCharsets.US_ASCII));
        writeRaw(body + String.format("crc32 %08x\n", crc.getValue()));
    }

    /** Writes a text as it is. */
    public void writeRaw(String text) throws IOException {
        Path temporary = path.resolveSibling(path.getFileName() + ".tmp");
        Files.writeString(temporary, text, StandardCharsets.US_ASCII);
        Files.move(temporary, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
