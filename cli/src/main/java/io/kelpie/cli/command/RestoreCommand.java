package io.kelpie.cli.command;

import io.kelpie.cli.CliException;
import io.kelpie.cli.ExitCode;
import io.kelpie.proto.v1.RestoreClusterResponse;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "restore",
        description = {
            "Puts a backup into an empty store, or over the records of the same cluster's store that is read-only.",
            "The whole file is checked before anything is written. What was interrupted is repeated with the same"
                    + " command. VMs that run go on: nothing is placed or killed before each host was heard."
        })
final class RestoreCommand extends Subcommand {
    private static final int HEADER_BYTES = 256;
    private static final Pattern HEADER = Pattern.compile(
            "\\Akelpie-backup 1\ncluster ([0-9a-f-]{36})\nepoch ([0-9]{1,18})\nmade-at ([0-9]{1,15})\n");

    @Parameters(paramLabel = "FILE", description = "The backup.")
    private String name = "";

    @Option(names = "--yes", description = "Do not ask.")
    private boolean yes;

    @Option(
            names = "--timeout",
            paramLabel = "TIME",
            defaultValue = "10m",
            converter = DurationConverter.class,
            description = "How long it may take. Default: ${DEFAULT-VALUE}.")
    private Duration timeout = Duration.ofMinutes(10);

    RestoreCommand(KelpieCommand root) {
        super(root);
    }

    @Override
    void run(Connection connection) {
        Path file = Path.of(name);
        Matcher header = header(file);
        if (!yes) {
            Confirmation.byTyping(
                    header.group(1),
                    "the store's records are replaced by those of cluster " + header.group(1) + " as of "
                            + Instant.ofEpochMilli(Long.parseLong(header.group(3))) + " (epoch " + header.group(2)
                            + ").",
                    terminal());
        }
        RestoreClusterResponse response = connection.api().restore(file, timeout);
        terminal()
                .line("restored " + response.getRecords() + " records of cluster " + response.getClusterUuid()
                        + ", terms go on above epoch " + response.getEpoch());
        terminal().note("hosts are heard before anything is placed or killed: watch it with kelpie cluster status");
    }

    private Matcher header(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            Matcher header = HEADER.matcher(new String(in.readNBytes(HEADER_BYTES), StandardCharsets.ISO_8859_1));
            if (!header.find()) {
                throw CliException.usage(
                        "'" + file + "' is no backup of Kelpie", "give a file that kelpie cluster backup wrote");
            }
            return header;
        } catch (NoSuchFileException e) {
            throw CliException.usage(
                    "'" + file + "': there is no such file", "give a file that kelpie cluster backup wrote");
        } catch (IOException e) {
            throw new CliException(ExitCode.FAILED, "'" + file + "' cannot be read: " + BackupCommand.reason(e), null);
        }
    }
}
