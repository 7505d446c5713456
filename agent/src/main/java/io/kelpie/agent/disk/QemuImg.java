package io.kelpie.agent.disk;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.kelpie.agent.driver.LaunchSpec.DiskFormat;
import io.kelpie.agent.process.BoundedCommand;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The one way to {@code qemu-img}. A file's format is always given and never guessed, paths are absolute (so that none
 * can be read as a protocol or a JSON description), and each call is limited in address space, CPU time, written bytes,
 * open files, output and duration. Blocking; safe to use from several threads.
 */
public final class QemuImg {
    private static final long ADDRESS_SPACE_BYTES = 1L << 30;
    private static final int MAX_OUTPUT_BYTES = 1 << 20;
    private static final int MAX_MESSAGE_CHARS = 500;
    private static final Duration QUICK = Duration.ofSeconds(30);
    private static final Duration LONG = Duration.ofHours(2);

    private final Path binary;
    private final ObjectMapper json = new ObjectMapper();

    /** @param binary path of qemu-img, or its name to be found on the {@code PATH} */
    public QemuImg(Path binary) {
        this.binary = binary;
    }

    /**
     * What qemu-img makes of a file.
     *
     * @param virtualSizeBytes size of the disk that a guest sees, in bytes
     * @param backingFile name of the backing file
     * @param dataFile name of the external data file
     * @param encrypted whether its content is encrypted
     */
    public record Info(
            long virtualSizeBytes, Optional<String> backingFile, Optional<String> dataFile, boolean encrypted) {}

    /**
     * Reads a file's metadata. Neither its backing file nor its content is read, and nothing is written.
     *
     * @throws QemuImgException if qemu-img cannot read it in that format
     * @throws IOException if qemu-img cannot be run
     */
    public Info info(Path file, DiskFormat format) throws IOException {
        String output = run(QUICK, 0, List.of("info", "--output=json", "-U", "-f", name(format), absolute(file)));
        JsonNode root = json.readTree(output);
        JsonNode size = root.path("virtual-size");
        if (!size.isIntegralNumber() || !size.canConvertToLong()) {
            throw new QemuImgException("qemu-img info shows no virtual size of " + file);
        }
        JsonNode data = root.path("format-specific").path("data");
        boolean encrypted = root.path("encrypted").asBoolean(false) || data.has("encrypt");
        return new Info(size.longValue(), text(root.path("backing-filename")), text(data.path("data-file")), encrypted);
    }

    /** Makes a qcow2 file that has all of {@code source}'s content in itself; its size is the source's. */
    public void copyToQcow2(Path source, DiskFormat sourceFormat, Path target) throws IOException {
        run(
                LONG,
                Long.MAX_VALUE,
                List.of(
                        "convert",
                        "-q",
                        "-f",
                        name(sourceFormat),
                        "-O",
                        name(DiskFormat.QCOW2),
                        absolute(source),
                        absolute(target)));
    }

    /** Makes a disk larger. */
    public void grow(Path file, DiskFormat format, long sizeMib) throws IOException {
        run(QUICK, Long.MAX_VALUE, List.of("resize", "-q", "-f", name(format), absolute(file), sizeMib + "M"));
    }

    private String run(Duration deadline, long maxWrittenBytes, List<String> arguments) throws IOException {
        List<String> argv = new ArrayList<>(List.of(
                "prlimit",
                "--as=" + ADDRESS_SPACE_BYTES,
                "--cpu=" + deadline.toSeconds(),
                "--core=0",
                "--nofile=64",
                "--fsize=" + (maxWrittenBytes == Long.MAX_VALUE ? "unlimited" : Long.toString(maxWrittenBytes)),
                binary.toString()));
        argv.addAll(arguments);
        BoundedCommand.Result result;
        try {
            result = new BoundedCommand(deadline, MAX_OUTPUT_BYTES).run(argv);
        } catch (BoundedCommand.LimitExceededException e) {
            throw new QemuImgException("qemu-img " + arguments.get(0) + ": " + e.getMessage());
        }
        return switch (result.exitCode()) {
            case 0 -> result.stdout();
            // prlimit's own codes for "found, but not to be run" and "not found"
            case 126, 127 ->
                throw new IOException(
                        "qemu-img cannot be run (" + tail(result.stderr()) + "); install qemu-utils or set its path");
            default ->
                throw new QemuImgException("qemu-img " + arguments.get(0) + " failed with exit code "
                        + result.exitCode() + ": " + tail(result.stderr()));
        };
    }

    private static Optional<String> text(JsonNode node) {
        return node.isTextual() ? Optional.of(node.textValue()) : Optional.empty();
    }

    private static String name(DiskFormat format) {
        return switch (format) {
            case RAW -> "raw";
            case QCOW2 -> "qcow2";
        };
    }

    private static String absolute(Path path) {
        if (!path.isAbsolute()) {
            throw new IllegalArgumentException(path + " is not absolute");
        }
        return path.toString();
    }

    private static String tail(String text) {
        String trimmed = text.strip();
        return trimmed.length() <= MAX_MESSAGE_CHARS
                ? trimmed
                : trimmed.substring(trimmed.length() - MAX_MESSAGE_CHARS);
    }
}
