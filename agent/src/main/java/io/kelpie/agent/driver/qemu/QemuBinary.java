package io.kelpie.agent.driver.qemu;

import io.kelpie.agent.driver.DriverException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a QEMU program says of itself.
 *
 * @param version e.g. {@code 7.2.22}
 * @param sandbox whether it can restrict its own system calls
 */
record QemuBinary(String version, boolean sandbox) {
    private static final Pattern VERSION = Pattern.compile("version ([0-9][0-9.]*[0-9])");
    private static final int OLDEST_MAJOR = 6;
    private static final long DEADLINE_SECONDS = 5;
    private static final int OUTPUT_BYTES_MAX = 4096;

    /** Asks the program; takes some 20 ms. */
    static QemuBinary ask(Path program) throws DriverException {
        // Options are read in order: a QEMU that was built without the sandbox stops at the first one.
        Answer sandboxed = run(program, List.of("-sandbox", "on", "--version"));
        Answer answer = sandboxed.code() == 0 ? sandboxed : run(program, List.of("--version"));
        Matcher version = VERSION.matcher(answer.output());
        if (answer.code() != 0 || !version.find()) {
            throw new DriverException(
                    program + " --version ended with code " + answer.code(),
                    answer.output().strip(),
                    null);
        }
        String number = version.group(1);
        if (Integer.parseInt(number.substring(0, number.indexOf('.'))) < OLDEST_MAJOR) {
            throw new DriverException("QEMU " + number + " is too old. Fix: install " + OLDEST_MAJOR + ".0 or newer");
        }
        return new QemuBinary(number, sandboxed.code() == 0);
    }

    private record Answer(int code, String output) {}

    private static Answer run(Path program, List<String> arguments) throws DriverException {
        List<String> command = new ArrayList<>(arguments);
        command.add(0, program.toString());
        Process process;
        try {
            process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectInput(
                            ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                    .start();
        } catch (IOException e) {
            throw new DriverException(
                    "cannot run " + program + ". Fix: install QEMU, or set qemuBinary to where it is", "", e);
        }
        try {
            if (!process.waitFor(DEADLINE_SECONDS, TimeUnit.SECONDS)) {
                throw new DriverException(program + " --version did not end within " + DEADLINE_SECONDS + " s");
            }
            byte[] output = process.getInputStream().readNBytes(OUTPUT_BYTES_MAX);
            return new Answer(process.exitValue(), new String(output, StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new DriverException("cannot read what " + program + " says", "", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DriverException("the call was interrupted", "", e);
        } finally {
            process.destroyForcibly();
        }
    }
}
