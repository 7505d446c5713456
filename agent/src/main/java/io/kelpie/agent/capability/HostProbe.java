package io.kelpie.agent.capability;

import io.kelpie.agent.driver.Accelerator;
import io.kelpie.agent.process.BoundedCommand;
import io.kelpie.common.time.TimeSource;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Measures what this host can do: nothing is concluded from the machine's make, and a mode counts only when a guest was
 * seen to run in it. What cannot be read is reported as not there, never as an error. Blocking; safe to use from
 * several threads.
 */
public final class HostProbe {
    /** The API version of KVM since 2007; QEMU refuses any other. */
    private static final int KVM_API_VERSION = 12;

    private static final int EPERM = 1;
    private static final int ENOENT = 2;
    private static final int ENXIO = 6;
    private static final int EACCES = 13;
    private static final int ENODEV = 19;

    private static final Duration GUEST_DEADLINE = Duration.ofSeconds(10);
    private static final Duration MODELS_DEADLINE = Duration.ofSeconds(5);
    private static final Duration VERSION_DEADLINE = Duration.ofSeconds(5);
    private static final int VERSION_BYTES = 4096;
    private static final Pattern VERSION = Pattern.compile("QEMU emulator version ([0-9][0-9.]*)");
    private static final Pattern MEM_TOTAL = Pattern.compile("(?m)^MemTotal: +([0-9]{1,15}) kB$");

    private static final List<String> MODULES = List.of("kvm", "kvm_amd", "kvm_intel");
    private static final List<String> PARAMETERS =
            List.of("avic", "ept", "nested", "npt", "tdp_mmu", "unrestricted_guest", "vnmi", "vpid");

    private final HostFiles files;
    private final KvmDevice kvmDevice;
    private final GuestProbe guestProbe;
    private final CpuModels cpuModels;
    private final Path qemuBinary;

    HostProbe(Path root, KvmDevice kvmDevice, GuestProbe guestProbe, CpuModels cpuModels, Path qemuBinary) {
        this.files = new HostFiles(root);
        this.kvmDevice = kvmDevice;
        this.guestProbe = guestProbe;
        this.cpuModels = cpuModels;
        this.qemuBinary = qemuBinary;
    }

    /**
     * A probe of this machine.
     *
     * @param qemuBinary path of qemu-system-x86_64, or its name to be found on the {@code PATH}
     * @param scratchFolder exists; files in it are removed again
     */
    public static HostProbe ofThisMachine(Path qemuBinary, Path scratchFolder, TimeSource time) {
        return new HostProbe(
                Path.of("/"),
                new LibcKvmDevice(),
                new QemuGuestProbe(qemuBinary, scratchFolder, time, GUEST_DEADLINE),
                new QemuCpuModels(qemuBinary, MODELS_DEADLINE),
                qemuBinary);
    }

    /** Measures. Boots up to two guests: well below a second where they run, at most about 30 s where they hang. */
    public HostFacts measure() throws InterruptedException {
        CpuInfo cpu = CpuInfo.parse(files.text("proc/cpuinfo").orElse(""));
        List<ModuleParameter> parameters = parameters();
        Device device = device(cpu);
        Paging paging = paging(parameters, device);
        ProbeResult kvmProbe = device.state() == KvmDeviceState.USABLE
                ? guestProbe.boot(Accelerator.KVM)
                : new ProbeResult(ProbeResult.Outcome.NOT_TRIED, 0, "not tried: " + device.reason());
        ProbeResult tcgProbe = guestProbe.boot(Accelerator.TCG);
        return new HostFacts(
                cpu.model(),
                List.copyOf(cpu.relevantFlags()),
                files.exists("sys/module/kvm"),
                parameters,
                device.state(),
                device.reason(),
                files.access("dev/kvm").orElse(""),
                device.apiVersion(),
                paging.mode(),
                paging.reason(),
                kvmProbe,
                tcgProbe,
                qemuVersion(),
                files.text("proc/sys/kernel/osrelease").orElse(""),
                cpu.cpus(),
                memoryMib(),
                models(kvmProbe, tcgProbe),
                device.state() == KvmDeviceState.USABLE && nested(parameters));
    }

    private List<String> models(ProbeResult kvm, ProbeResult tcg) throws InterruptedException {
        if (kvm.outcome() == ProbeResult.Outcome.VERIFIED) {
            return cpuModels.usable(Accelerator.KVM);
        }
        return tcg.outcome() == ProbeResult.Outcome.VERIFIED ? cpuModels.usable(Accelerator.TCG) : List.of();
    }

    private static boolean nested(List<ModuleParameter> parameters) {
        return parameters.stream().anyMatch(parameter -> parameter.name().equals("nested") && isOn(parameter));
    }

    private record Device(KvmDeviceState state, String reason, int apiVersion) {}

    private record Paging(PagingMode mode, String reason) {}

    private Device device(CpuInfo cpu) {
        if (!files.exists("dev/kvm")) {
            return new Device(KvmDeviceState.ABSENT, "there is no /dev/kvm: " + whyAbsent(cpu), 0);
        }
        KvmDevice.Answer answer = kvmDevice.ask(files.path("dev/kvm"));
        String access = files.access("dev/kvm").orElse("unknown");
        return switch (answer.openErrno()) {
            case 0 -> opened(answer);
            case EACCES, EPERM ->
                new Device(
                        KvmDeviceState.NO_PERMISSION,
                        "the agent may not open /dev/kvm (" + access
                                + "); add its user to the group, or start it as a user of the group",
                        0);
            case ENOENT, ENXIO, ENODEV ->
                new Device(KvmDeviceState.ABSENT, "/dev/kvm has no driver behind it: " + whyAbsent(cpu), 0);
            default -> new Device(KvmDeviceState.BROKEN, "/dev/kvm does not open: error " + answer.openErrno(), 0);
        };
    }

    private static Device opened(KvmDevice.Answer answer) {
        if (answer.apiErrno() != 0) {
            return new Device(
                    KvmDeviceState.BROKEN, "/dev/kvm opens but does not answer as KVM: error " + answer.apiErrno(), 0);
        }
        if (answer.apiVersion() != KVM_API_VERSION) {
            return new Device(
                    KvmDeviceState.BROKEN,
                    "KVM has API version " + answer.apiVersion() + ", QEMU needs " + KVM_API_VERSION,
                    answer.apiVersion());
        }
        if (answer.createErrno() != 0) {
            return new Device(
                    KvmDeviceState.BROKEN,
                    "KVM makes no VM: error " + answer.createErrno()
                            + "; another hypervisor may hold the CPU's virtualisation",
                    answer.apiVersion());
        }
        return new Device(KvmDeviceState.USABLE, "", answer.apiVersion());
    }

    private String whyAbsent(CpuInfo cpu) {
        if (files.exists("sys/module/kvm_intel") || files.exists("sys/module/kvm_amd")) {
            return "the module is loaded, so the device is missing in this container or was removed";
        }
        if (cpu.has("vmx")) {
            return "the module is not loaded; run: modprobe kvm_intel";
        }
        if (cpu.has("svm")) {
            return "the module is not loaded; run: modprobe kvm_amd";
        }
        return cpu.has("hypervisor")
                ? "this machine is a VM itself and its CPU shows neither vmx nor svm; its host must allow nesting"
                : "the CPU shows neither vmx nor svm; it has none, or the firmware switches it off";
    }

    private List<ModuleParameter> parameters() {
        List<ModuleParameter> found = new ArrayList<>();
        for (String module : MODULES) {
            for (String name : PARAMETERS) {
                files.text("sys/module/" + module + "/parameters/" + name)
                        .ifPresent(value -> found.add(new ModuleParameter(module, name, value)));
            }
        }
        return found;
    }

    private Paging paging(List<ModuleParameter> parameters, Device device) {
        Optional<ModuleParameter> ept = parameter(parameters, "kvm_intel", "ept");
        if (ept.isPresent()) {
            return hardwarePaging(ept.get(), PagingMode.EPT);
        }
        Optional<ModuleParameter> npt = parameter(parameters, "kvm_amd", "npt");
        if (npt.isPresent()) {
            return hardwarePaging(npt.get(), PagingMode.NPT);
        }
        if (device.state() != KvmDeviceState.USABLE) {
            return new Paging(PagingMode.NONE, "KVM cannot be used");
        }
        List<String> others = files.names("sys/module").stream()
                .filter(name -> name.startsWith("kvm_"))
                .toList();
        return new Paging(
                PagingMode.SHADOW,
                "neither kvm_intel nor kvm_amd shows hardware paging"
                        + (others.isEmpty() ? "" : "; KVM is served by " + String.join(", ", others)));
    }

    private static Paging hardwarePaging(ModuleParameter parameter, PagingMode mode) {
        return new Paging(
                isOn(parameter) ? mode : PagingMode.SHADOW,
                parameter.module() + " has " + parameter.name() + "=" + parameter.value());
    }

    private static boolean isOn(ModuleParameter parameter) {
        return parameter.value().equals("Y") || parameter.value().equals("1");
    }

    private static Optional<ModuleParameter> parameter(List<ModuleParameter> parameters, String module, String name) {
        return parameters.stream()
                .filter(parameter ->
                        parameter.module().equals(module) && parameter.name().equals(name))
                .findFirst();
    }

    private String qemuVersion() {
        try {
            String output = new BoundedCommand(VERSION_DEADLINE, VERSION_BYTES)
                    .run(List.of(qemuBinary.toString(), "--version"))
                    .stdout();
            Matcher version = VERSION.matcher(output);
            return version.find() ? version.group(1) : "";
        } catch (IOException e) {
            // No QEMU: the probes' details say so.
            return "";
        }
    }

    private long memoryMib() {
        Matcher total = MEM_TOTAL.matcher(files.text("proc/meminfo").orElse(""));
        return total.find() ? Long.parseLong(total.group(1)) >> 10 : 0;
    }
}
