package io.kelpie.cli;

import io.kelpie.cli.command.Commands;
import io.kelpie.cli.connect.NettyChannels;
import io.kelpie.common.time.TimeSource;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import java.util.logging.Level;
import java.util.logging.Logger;

/** The {@code kelpie} command. */
public final class Main {
    /** Libraries log to standard error what the command says better itself. Held, or it would be forgotten. */
    private static final Logger LIBRARIES = Logger.getLogger("io.grpc");

    private static final int BUFFER_BYTES = 16 * 1024;

    private Main() {}

    public static void main(String[] args) {
        LIBRARIES.setLevel(Level.OFF);
        // Else Netty unpacks a native library into the temporary folder and loads it, to serve one connection.
        System.setProperty("io.grpc.netty.shaded.io.netty.transport.noNative", "true");
        Surroundings surroundings = new Surroundings(
                terminal(System.getenv()),
                System.getenv(),
                Path.of(System.getProperty("user.home")),
                TimeSource.system(),
                Pauses.system(),
                Interrupts.process(),
                new NettyChannels(),
                UUID::randomUUID);
        int exitCode = Commands.run(surroundings, args);
        surroundings.terminal().out().flush();
        surroundings.terminal().err().flush();
        // Ends the network's thread without waiting for it.
        System.exit(exitCode);
    }

    private static Terminal terminal(Map<String, String> environment) {
        boolean outIsTerminal = isTerminal(1);
        boolean errIsTerminal = isTerminal(2);
        boolean colours = environment.getOrDefault("NO_COLOR", "").isEmpty()
                && !environment.getOrDefault("TERM", "dumb").equals("dumb");
        return new Terminal(
                System.in,
                new PrintStream(
                        new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), BUFFER_BYTES),
                        false,
                        StandardCharsets.UTF_8),
                new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8),
                outIsTerminal && colours,
                errIsTerminal && colours,
                errIsTerminal,
                errIsTerminal && isTerminal(0));
    }

    /** The JDK can only tell of input and output together. */
    private static boolean isTerminal(int descriptor) {
        try {
            String target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor))
                    .toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
        } catch (IOException e) {
            return false; // closed, or no /proc: write plainly
        }
    }
}
