package io.kelpie.it.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Starts the guest by hand: the disks by qemu-img, then QEMU with the very arguments that Kelpie gave to its own, but for
 * the paths and for the second monitor, whose other end is Kelpie's guard.
 */
final class RawStarts {
    private static final Pattern GUARD_MONITOR = Pattern.compile("socket,id=guard,.*|chardev=guard,.*");
    private static final int END_SECONDS = 20;

    private final Path folder;
    private final Path image;
    private final List<String> kelpieArguments;
    private final Pattern kelpiePath;
    private int count;

    /**
     * @param kelpieArguments of a QEMU that Kelpie runs, the program first
     * @param kelpieFolder every file that those arguments name lies below it
     * @param seed the cloud-init seed of that VM; made beforehand, so its making is not measured
     */
    RawStarts(Path folder, Path image, List<String> kelpieArguments, Path kelpieFolder, Path seed) throws IOException {
        this.folder = Files.createDirectories(folder);
        this.image = image;
        this.kelpieArguments = withoutGuard(kelpieArguments);
        this.kelpiePath = Pattern.compile(Pattern.quote(kelpieFolder + "/") + "[^\",]*/([^\",/]+)");
        Files.copy(seed, folder.resolve("seed.img"));
    }

    /**
     * What became of one start.
     *
     * @param running nanoseconds from the first step to QMP's {@code running}
     * @param ofQemu the part of them from exec of QEMU on
     */
    record Start(long running, long ofQemu) {}

    Start measure() throws IOException, InterruptedException {
        Path own = Files.createDirectory(folder.resolve(Integer.toString(count++)));
        Files.copy(folder.resolve("seed.img"), own.resolve("seed.img"));
        List<String> command = kelpieArguments.stream()
                .map(argument -> kelpiePath
                        .matcher(argument)
                        .replaceAll(found -> Matcher.quoteReplacement(
                                own.resolve(found.group(1)).toString())))
                .toList();
        Path socket = qmpSocket(command);

        long begin = System.nanoTime();
        Guest.makeDisks(image, own.resolve("root.qcow2"), own.resolve("data-data.raw"));
        long disksMade = System.nanoTime();
        Process qemu = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(own.resolve("output").toFile())
                .start();
        try (Qmp qmp = Qmp.awaitRunning(socket, qemu)) {
            long running = System.nanoTime();
            qmp.execute("quit");
            if (!qemu.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                throw new IOException("QEMU did not quit");
            }
            return new Start(running - begin, running - disksMade);
        } catch (IOException e) {
            throw new IOException(command + ": " + Files.readString(own.resolve("output")), e);
        } finally {
            qemu.destroyForcibly();
        }
    }

    private static List<String> withoutGuard(List<String> arguments) {
        List<String> kept = new ArrayList<>();
        for (int i = 0; i < arguments.size(); i++) {
            boolean guards = i + 1 < arguments.size()
                    && GUARD_MONITOR.matcher(arguments.get(i + 1)).matches();
            if (guards) {
                i++;
            } else {
                kept.add(arguments.get(i));
            }
        }
        return kept;
    }

    private static Path qmpSocket(List<String> command) {
        Pattern socket = Pattern.compile("socket,id=qmp,.*path=([^,]+).*");
        return command.stream()
                .map(socket::matcher)
                .filter(Matcher::matches)
                .map(matcher -> Path.of(matcher.group(1)))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("Kelpie's QEMU has no QMP socket: " + command));
    }
}
