package io.kelpie.cli.command;

import io.grpc.StatusRuntimeException;
import io.kelpie.cli.CliException;
import io.kelpie.cli.ExitCode;
import io.kelpie.cli.connect.Incoming;
import io.kelpie.proto.v1.BackupClusterResponse;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "backup",
        description = {
            "Writes all records of the cluster, as of one instant, into a file that only you can read.",
            "Disks of VMs are not in it. It is put back by: kelpie cluster restore FILE"
        })
final class BackupCommand extends Subcommand {
    private static final Duration LONGEST_SILENCE = Duration.ofSeconds(60);
    private static final int TAIL_BYTES = 128;
    private static final Pattern END = Pattern.compile("end ([0-9]+) sha256 [0-9a-f]{64}\n\\z");
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rw-------");

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            description = "Where to; an existing file is never replaced. Default: kelpie-TIME.backup in this folder.")
    private String output = "";

    BackupCommand(KelpieCommand root) {
        super(root);
    }

    @Override
    void run(Connection connection) {
        Path file = Path.of(output.isEmpty() ? "kelpie-" + timestamp() + ".backup" : output);
        if (Files.exists(file)) {
            throw exists(file);
        }
        Path part = file.resolveSibling(file.getFileName() + ".part");
        try {
            long records = write(connection, part);
            publish(part, file);
            terminal().line(file + ": " + records + " records, " + Files.size(file) + " bytes");
        } catch (IOException e) {
            throw new CliException(
                    ExitCode.FAILED,
                    "the backup could not be written: " + reason(e),
                    "give a file in a folder that you can write, with room: kelpie cluster backup -o FILE");
        } finally {
            remove(part);
        }
    }

    private String timestamp() {
        return DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'")
                .withZone(ZoneOffset.UTC)
                .format(Instant.ofEpochMilli(surroundings().clock().wallMillis()));
    }

    private long write(Connection connection, Path part) throws IOException {
        Files.deleteIfExists(part);
        Files.createFile(part, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
        String tail = "";
        try (Incoming<BackupClusterResponse> backup = connection.api().backup();
                FileChannel out = FileChannel.open(part, StandardOpenOption.WRITE)) {
            while (true) {
                Optional<BackupClusterResponse> piece = next(backup);
                if (piece.isPresent()) {
                    for (var bytes : piece.get().getData().asReadOnlyByteBufferList()) {
                        while (bytes.hasRemaining()) {
                            out.write(bytes);
                        }
                    }
                    tail = tail(tail, piece.get());
                } else if (backup.ended()) {
                    break;
                } else {
                    throw cutOff("nothing has come for " + LONGEST_SILENCE.toSeconds() + " s");
                }
            }
            out.force(true);
        }
        Matcher end = END.matcher(tail);
        if (!end.find()) {
            throw cutOff("its last line is missing");
        }
        return Long.parseLong(end.group(1));
    }

    private static Optional<BackupClusterResponse> next(Incoming<BackupClusterResponse> backup) {
        try {
            return backup.next(LONGEST_SILENCE);
        } catch (StatusRuntimeException e) {
            throw cutOff(Optional.ofNullable(e.getStatus().getDescription())
                    .orElse(e.getStatus().getCode().toString()));
        }
    }

    private static String tail(String former, BackupClusterResponse piece) {
        String both = former + piece.getData().toString(StandardCharsets.ISO_8859_1);
        return both.substring(Math.max(0, both.length() - TAIL_BYTES));
    }

    private static CliException cutOff(String why) {
        return new CliException(
                ExitCode.FAILED, "the backup was cut off: " + why + "; no file was written", "give the command again");
    }

    /** The name appears with the whole content, and only if nobody else has taken it meanwhile. */
    private static void publish(Path part, Path file) throws IOException {
        try {
            Files.createLink(file, part);
        } catch (FileAlreadyExistsException taken) {
            throw exists(file);
        } catch (UnsupportedOperationException | FileSystemException noLinks) {
            Files.move(part, file); // refuses an existing file too
        }
    }

    private static CliException exists(Path file) {
        return CliException.usage(
                "'" + file + "' exists, and a backup never replaces a file", "give another name with -o FILE");
    }

    private void remove(Path part) {
        try {
            Files.deleteIfExists(part);
        } catch (IOException e) {
            terminal().note("could not remove " + part + ": " + reason(e));
        }
    }

    static String reason(IOException e) {
        return e.getClass().getSimpleName().replace("Exception", "") + ": " + e.getMessage();
    }
}
