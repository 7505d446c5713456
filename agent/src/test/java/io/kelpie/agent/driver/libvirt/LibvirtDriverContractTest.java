package io.kelpie.agent.driver.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.agent.driver.LaunchSpec;
import io.kelpie.agent.driver.VmDriver;
import io.kelpie.agent.driver.VmDriverContract;
import io.kelpie.agent.driver.guard.GuardRecord;
import io.kelpie.common.time.TimeSource;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

@Tag("real")
@ExtendWith(LibvirtDaemons.class)
class LibvirtDriverContractTest extends VmDriverContract {
    private static final LibvirtSettings SETTINGS = LibvirtSettings.system(
            "qemu:///system",
            Optional.empty(),
            Optional.of(Path.of("target", "native", "kelpie-guard").toAbsolutePath()));

    /** libvirt's logs of the instances, which it never removes. */
    private static final Set<Path> LOGS = ConcurrentHashMap.newKeySet();

    /** libvirt asks a new emulator for seconds what it can do. */
    @BeforeAll
    static void letLibvirtKnowTheGuard() throws Exception {
        Process virsh = new ProcessBuilder(
                        "virsh",
                        "--connect",
                        SETTINGS.uri(),
                        "domcapabilities",
                        "--emulatorbin",
                        SETTINGS.guard().orElseThrow().toString())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        assertThat(virsh.waitFor()).isZero();
    }

    @AfterAll
    static void removeLogs() throws IOException {
        for (Path log : LOGS) {
            Files.deleteIfExists(log);
        }
    }

    @Override
    protected VmDriver newDriver() {
        return new LibvirtDriver(SETTINGS, TimeSource.system());
    }

    @Override
    protected boolean canLease() {
        return true;
    }

    @Override
    protected void killGuard(LaunchSpec spec) throws Exception {
        GuardRecord.read(spec.instanceFolder().resolve("guard.record"))
                .orElseThrow()
                .guard()
                .kill();
    }

    /** The serial log is there before the start. */
    @Override
    protected boolean hasRun(LaunchSpec spec) throws Exception {
        return Files.size(spec.serialLog()) > 0;
    }

    @Override
    protected void crash(LaunchSpec spec) throws Exception {
        signal(spec, "-KILL");
    }

    @Override
    protected void freeze(LaunchSpec spec) throws Exception {
        signal(spec, "-STOP");
    }

    /** libvirt is not QEMU's parent. */
    @Override
    protected int crashSignal() {
        return 0;
    }

    @Override
    protected LaunchSpec broken(LaunchSpec spec) throws Exception {
        Path kernel = Files.writeString(spec.instanceFolder().resolve("kernel"), "not a kernel");
        return spec.toBuilder()
                .kernel(new LaunchSpec.KernelBoot(kernel, Optional.empty(), "console=ttyS0"))
                .build();
    }

    @Override
    protected boolean hasProcess(LaunchSpec spec) {
        LOGS.add(SETTINGS.logFolder().resolve(LibvirtHandle.of(spec).domainName() + ".log"));
        return ProcessHandle.allProcesses().anyMatch(process -> isQemuOf(process, spec));
    }

    /** A zombie has an empty command line. */
    private static boolean isQemuOf(ProcessHandle process, LaunchSpec spec) {
        try {
            return Files.readString(
                            Path.of("/proc", Long.toString(process.pid()), "cmdline"), StandardCharsets.ISO_8859_1)
                    .contains("\0-uuid\0" + spec.id().vmId() + "\0");
        } catch (IOException e) {
            return false;
        }
    }

    private static void signal(LaunchSpec spec, String signal) throws Exception {
        long pid = ProcessHandle.allProcesses()
                .filter(process -> isQemuOf(process, spec))
                .filter(process -> process.info().command().orElse("").endsWith("/qemu-system-x86_64"))
                .findFirst()
                .orElseThrow()
                .pid();
        new ProcessBuilder("kill", signal, Long.toString(pid)).start().waitFor();
    }
}
