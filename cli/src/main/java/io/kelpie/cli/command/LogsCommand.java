package io.kelpie.cli.command;

import com.google.protobuf.ByteString;
import io.grpc.StatusRuntimeException;
import io.kelpie.cli.CliException;
import io.kelpie.cli.ExitCode;
import io.kelpie.cli.Interrupts;
import io.kelpie.proto.v1.ReadVmLogRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "logs",
        description = "Writes a VM's serial log to standard output, byte by byte as the guest printed it.")
final class LogsCommand extends Subcommand {
    private static final Duration STEP = Duration.ofSeconds(60);

    @Parameters(paramLabel = "VM", description = "The VM's name.")
    private String vm = "";

    @Option(
            names = {"-f", "--follow"},
            description = "Go on with what the guest prints later, until Ctrl-C.")
    private boolean follow;

    @Option(names = "--tail", paramLabel = "BYTES", description = "Begin this many bytes before the end.")
    private long tail;

    LogsCommand(KelpieCommand root) {
        super(root);
    }

    @Override
    void run(Connection connection) {
        if (tail < 0) {
            throw CliException.usage("--tail: " + tail + " is no number of bytes", "give 1 or more");
        }
        String name = vm.startsWith("vm/") ? vm.substring("vm/".length()) : vm;
        ReadVmLogRequest request = ReadVmLogRequest.newBuilder()
                .setNamespace(connection.namespace())
                .setName(name)
                .setFollow(follow)
                .setTailBytes(tail)
                .build();
        String goesOn = "stopped reading; the VM goes on: kelpie logs " + name + connection.inNamespace() + " -f";
        try (Interrupts.Registration registration = farewell(goesOn);
                LogStream log = new LogStream(connection, surroundings().pauses(), request)) {
            copy(log, name, connection.inNamespace());
        }
    }

    private void copy(LogStream log, String name, String inNamespace) {
        while (true) {
            Optional<ByteString> piece;
            try {
                piece = log.next(STEP);
            } catch (StatusRuntimeException e) {
                terminal().flush();
                throw new CliException(
                        ExitCode.FAILED,
                        "the log of vm '" + name + "' was cut off: "
                                + Optional.ofNullable(e.getStatus().getDescription())
                                        .orElse(e.getStatus().getCode().toString()),
                        "go on with: kelpie logs " + name + inNamespace + (follow ? " -f" : "") + " --tail 4096");
            }
            if (piece.isPresent()) {
                write(piece.get());
            } else if (log.ended()) {
                return;
            }
        }
    }

    private void write(ByteString piece) {
        try {
            piece.writeTo(terminal().out());
        } catch (IOException e) {
            throw new CliException(ExitCode.FAILED, "the output could not be written: " + e.getMessage(), null);
        }
        terminal().flush();
    }
}
