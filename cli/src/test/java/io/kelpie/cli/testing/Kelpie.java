package io.kelpie.cli.testing;

import io.kelpie.cli.Interrupts;
import io.kelpie.cli.Pauses;
import io.kelpie.cli.Surroundings;
import io.kelpie.cli.Terminal;
import io.kelpie.cli.command.Commands;
import io.kelpie.cli.connect.NettyChannels;
import io.kelpie.common.time.TimeSource;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;

/** Runs command lines inside this process, with a wall clock that stands still. */
public final class Kelpie {
    /** 2026-01-01T00:00:00Z. */
    public static final long NOW = 1_767_225_600_000L;

    private final Map<String, String> environment = new HashMap<>();
    private final List<Interrupts.Farewell> farewells = new CopyOnWriteArrayList<>();
    private Path home = Path.of("/nonexistent");
    private String input = "";
    private boolean onTerminal;
    private Pauses pauses = Pauses.system();

    /** What a run has left. */
    public record Result(int exitCode, String out, String err) {}

    public Kelpie at(FakeController... controllers) {
        List<String> addresses = new ArrayList<>();
        for (FakeController controller : controllers) {
            addresses.add(controller.address());
        }
        return with("KELPIE_CONTROLLERS", String.join(",", addresses));
    }

    public Kelpie with(String variable, String value) {
        environment.put(variable, value);
        return this;
    }

    public Kelpie home(Path folder) {
        home = folder;
        return this;
    }

    public Kelpie input(String text) {
        input = text;
        return this;
    }

    public Kelpie onTerminal() {
        onTerminal = true;
        return this;
    }

    public Kelpie pauses(Pauses newPauses) {
        pauses = newPauses;
        return this;
    }

    /** What the command would say if Ctrl-C came now. */
    public List<Interrupts.Farewell> farewells() {
        return farewells;
    }

    public Result run(String... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Terminal terminal = new Terminal(
                new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                onTerminal,
                onTerminal,
                onTerminal,
                onTerminal);
        Interrupts interrupts = farewell -> {
            farewells.add(farewell);
            return () -> farewells.remove(farewell);
        };
        Surroundings surroundings = new Surroundings(
                terminal,
                Map.copyOf(environment),
                home,
                new StandingClock(),
                pauses,
                interrupts,
                new NettyChannels(),
                UUID::randomUUID);
        int exitCode = Commands.run(surroundings, args);
        return new Result(exitCode, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    /** Deadlines are real, what people read stands still. */
    private static final class StandingClock implements TimeSource {
        @Override
        public long nanoTime() {
            return TimeSource.system().nanoTime();
        }

        @Override
        public long wallMillis() {
            return NOW;
        }
    }
}
