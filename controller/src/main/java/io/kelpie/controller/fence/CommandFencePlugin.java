package io.kelpie.controller.fence;

import io.kelpie.common.time.TimeSource;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A program that operators configure: {@code PROGRAM [ARGUMENT…] on|off|status HOST_NAME}, with {@code KELPIE_HOST_NAME},
 * {@code KELPIE_HOST_ID} and {@code KELPIE_LABEL_<label>} in its environment. {@code status} prints {@code on} or {@code
 * off}; exit code 0 means that it is done.
 *
 * <p>A fence is {@code off}, then {@code status} again and again until it says {@code off}: that the command succeeded
 * does not say that the host is off. The reverse holds too: a host that was off already is off, whatever the command says.
 */
public final class CommandFencePlugin implements FencePlugin {
    /** Characters of a plug-in's output that an error shows. */
    private static final int MAX_SAID = 400;

    private static final Duration BETWEEN_QUESTIONS = Duration.ofSeconds(1);

    private final FenceConfig config;
    private final Duration betweenQuestions;
    private final TimeSource time;

    public CommandFencePlugin(FenceConfig config, TimeSource time) {
        this(config, BETWEEN_QUESTIONS, time);
    }

    CommandFencePlugin(FenceConfig config, Duration betweenQuestions, TimeSource time) {
        this.config = config;
        this.betweenQuestions = betweenQuestions;
        this.time = time;
    }

    /** What a {@code status} says. */
    private enum Power {
        ON,
        OFF,
        UNKNOWN
    }

    @Override
    public void powerOff(FenceTarget target) throws FenceFailedException, InterruptedException {
        long beganNanos = time.nanoTime();
        long limitNanos = config.timeLimit().toNanos();
        long untilNanos = beganNanos + limitNanos;
        // A command that hangs leaves time to ask whether it has worked nevertheless.
        Optional<String> notDone = problem("off", run("off", target, beganNanos + limitNanos / 4 * 3));
        while (true) {
            PluginProcess.End status = run("status", target, untilNanos);
            String problem = "'off' succeeded, but its status is still on";
            switch (power(status)) {
                case OFF -> {
                    return;
                }
                case ON -> {
                    if (notDone.isPresent()) {
                        throw failed(target, notDone.get() + "; its status is on");
                    }
                }
                case UNKNOWN ->
                    problem = problem("status", status).or(() -> notDone).orElse(problem);
            }
            if (untilNanos - time.nanoTime() <= betweenQuestions.toNanos()) {
                throw failed(
                        target, "it was not off within " + config.timeLimit().toSeconds() + " s: " + problem);
            }
            pause();
        }
    }

    private PluginProcess.End run(String action, FenceTarget target, long untilNanos)
            throws FenceFailedException, InterruptedException {
        List<String> argv = new ArrayList<>(config.command());
        argv.add(action);
        argv.add(target.hostName());
        try {
            return PluginProcess.run(argv, environment(target), untilNanos - time.nanoTime());
        } catch (IOException e) {
            throw failed(target, "the plug-in cannot be started: " + e.getMessage());
        }
    }

    private static Power power(PluginProcess.End status) {
        if (!(status instanceof PluginProcess.End.Exited exited) || exited.code() != 0) {
            return Power.UNKNOWN;
        }
        return switch (exited.stdout().strip()) {
            case "on" -> Power.ON;
            case "off" -> Power.OFF;
            default -> Power.UNKNOWN;
        };
    }

    /** What was wrong with a run, with what it has written; empty if {@code off} has succeeded. */
    private Optional<String> problem(String action, PluginProcess.End end) {
        String what;
        if (end instanceof PluginProcess.End.Exited exited) {
            boolean succeeded = exited.code() == 0;
            if (succeeded && action.equals("off")) {
                return Optional.empty();
            }
            what = succeeded ? "printed neither on nor off" : "ended with exit code " + exited.code();
        } else {
            what = "did not end in time and was killed";
        }
        return Optional.of("'" + String.join(" ", config.command()) + " " + action + "' " + what + said(end));
    }

    /** The end of what it has written: an error goes to an operator in the header of an answer. */
    private static String said(PluginProcess.End end) {
        String said = (end.stderr().isBlank() ? end.stdout() : end.stderr()).strip();
        String tail = said.length() > MAX_SAID ? "…" + said.substring(said.length() - MAX_SAID) : said;
        return tail.isEmpty() ? "" : ": " + tail.replaceAll("[\\p{Cntrl}&&[^\n]]", "?");
    }

    private static FenceFailedException failed(FenceTarget target, String problem) {
        return new FenceFailedException("host " + target.hostName() + " is not confirmed to be off: " + problem);
    }

    static Map<String, String> environment(FenceTarget target) {
        Map<String, String> environment = new TreeMap<>();
        target.labels()
                .forEach((label, value) -> environment.put(
                        "KELPIE_LABEL_" + label.replaceAll("[^A-Za-z0-9]", "_"), value.replace('\0', '?')));
        environment.put("KELPIE_HOST_NAME", target.hostName());
        environment.put("KELPIE_HOST_ID", target.hostId());
        return environment;
    }

    private void pause() throws InterruptedException {
        boolean opened = new CountDownLatch(1).await(betweenQuestions.toNanos(), TimeUnit.NANOSECONDS);
        if (opened) {
            throw new AssertionError("nobody opens this latch");
        }
    }
}
