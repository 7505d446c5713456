package io.kelpie.agent.driver.libvirt;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * virtlogd and libvirtd of this machine: started, if nobody answers on {@code qemu:///system}, before the first test that
 * wants them, and then ended after the last of all tests. Also lets QEMU's user open {@code /dev/kvm}, as libvirt
 * otherwise probes QEMU for many seconds at every call.
 */
final class LibvirtDaemons implements BeforeAllCallback, ParameterResolver {
    private static final Path SOCKET = Path.of("/run/libvirt/libvirt-sock");
    private static final Duration START_TIMEOUT = Duration.ofSeconds(60);

    @Override
    public void beforeAll(ExtensionContext context) {
        running(context);
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == Running.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return running(context);
    }

    private static Running running(ExtensionContext context) {
        return context.getRoot()
                .getStore(ExtensionContext.Namespace.create(LibvirtDaemons.class))
                .getOrComputeIfAbsent(Running.class, key -> start(), Running.class);
    }

    private static Running start() {
        try {
            Path kvm = Path.of("/dev/kvm");
            if (Files.exists(kvm)) {
                Files.setPosixFilePermissions(kvm, PosixFilePermissions.fromString("rw-rw-rw-"));
            }
            if (answers()) {
                return new Running(Optional.empty(), Optional.empty());
            }
            Process virtlogd = daemon("virtlogd");
            Running running = new Running(Optional.of(virtlogd), Optional.of(daemon("libvirtd")));
            awaitAnswer();
            return running;
        } catch (IOException e) {
            throw new IllegalStateException("virtlogd and libvirtd cannot be started (./dev setup installs them)", e);
        }
    }

    private static void awaitAnswer() {
        await().atMost(START_TIMEOUT).pollInterval(Duration.ofMillis(100)).until(LibvirtDaemons::answers);
    }

    /** In the foreground, so that it is our child; in a session of its own, as it would be without us. */
    private static Process daemon(String name) throws IOException {
        return new ProcessBuilder("setsid", name)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    private static boolean answers() {
        try {
            Process virsh = new ProcessBuilder("virsh", "--connect", "qemu:///system", "version")
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return virsh.waitFor(START_TIMEOUT.toSeconds(), TimeUnit.SECONDS) && virsh.exitValue() == 0;
        } catch (IOException e) {
            throw new IllegalStateException("virsh is missing (./dev setup installs it)", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** The daemons that answer; a test may have them as a parameter. */
    static final class Running implements AutoCloseable, ExtensionContext.Store.CloseableResource {
        private final Optional<Process> virtlogd;
        private Optional<Process> libvirtd;

        private Running(Optional<Process> virtlogd, Optional<Process> libvirtd) {
            this.virtlogd = virtlogd;
            this.libvirtd = libvirtd;
        }

        /** Where libvirtd listens. */
        Path socket() {
            return SOCKET;
        }

        /** Whether libvirtd is the tests' own: that of the machine is left alone. */
        boolean areOurs() {
            return libvirtd.isPresent();
        }

        /** Ends libvirtd by SIGKILL. */
        void killLibvirtd() throws InterruptedException {
            libvirtd.orElseThrow().destroyForcibly().waitFor();
        }

        void startLibvirtd() throws IOException {
            libvirtd = Optional.of(daemon("libvirtd"));
            awaitAnswer();
        }

        @Override
        public void close() throws InterruptedException {
            for (Optional<Process> each : List.of(libvirtd, virtlogd)) {
                if (each.isPresent()) {
                    each.get().destroy();
                    if (!each.get().waitFor(10, TimeUnit.SECONDS)) {
                        each.get().destroyForcibly();
                    }
                }
            }
        }
    }
}
