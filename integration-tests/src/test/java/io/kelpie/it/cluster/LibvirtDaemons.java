package io.kelpie.it.cluster;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * virtlogd and libvirtd of this machine: started, if nobody answers on {@code qemu:///system}, and then ended by
 * {@link #close}. Also lets QEMU's user open {@code /dev/kvm}, as libvirt otherwise probes QEMU for many seconds at every
 * call.
 */
public final class LibvirtDaemons implements AutoCloseable {
    private static final Duration START_MAX = Duration.ofSeconds(60);
    private static final int END_SECONDS = 10;

    private final List<Process> ours = new ArrayList<>();

    private LibvirtDaemons() {}

    /** Returns when libvirtd answers. */
    public static LibvirtDaemons running() throws IOException, InterruptedException {
        Path kvm = Path.of("/dev/kvm");
        if (Files.exists(kvm)) {
            Files.setPosixFilePermissions(kvm, PosixFilePermissions.fromString("rw-rw-rw-"));
        }
        LibvirtDaemons daemons = new LibvirtDaemons();
        try {
            if (!answers()) {
                daemons.start("virtlogd");
                daemons.start("libvirtd");
                await("libvirtd to answer").atMost(START_MAX).until(LibvirtDaemons::answers);
            }
        } catch (IOException | RuntimeException | Error e) {
            daemons.close();
            throw e;
        }
        return daemons;
    }

    /** Names of the domains that run, as {@code virsh list} shows them. */
    public List<String> domains() throws IOException, InterruptedException {
        Process virsh = virsh("list", "--name");
        String output = new String(virsh.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (virsh.waitFor() != 0) {
            throw new AssertionError("virsh list failed:\n" + output);
        }
        return output.lines().filter(line -> !line.isBlank()).toList();
    }

    @Override
    public void close() throws InterruptedException {
        for (int i = ours.size() - 1; i >= 0; i--) {
            Process process = ours.get(i);
            process.destroy();
            if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        }
    }

    /** In the foreground, so that it is our child; in a session of its own, as it would be without us. */
    private void start(String program) throws IOException {
        ours.add(new ProcessBuilder("setsid", program)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start());
    }

    private static boolean answers() throws IOException, InterruptedException {
        Process virsh = virsh("version");
        virsh.getInputStream().readAllBytes();
        return virsh.waitFor() == 0;
    }

    private static Process virsh(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("virsh", "--connect", "qemu:///system"));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }
}
