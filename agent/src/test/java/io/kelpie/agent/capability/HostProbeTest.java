package io.kelpie.agent.capability;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.agent.driver.Accelerator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HostProbeTest {
    private static final KvmDevice.Answer GOOD = new KvmDevice.Answer(0, 12, 0, 0);
    private static final int EACCES = 13;

    @TempDir
    Path root;

    private final List<Accelerator> booted = new ArrayList<>();

    @Test
    void intelHost() throws Exception {
        write("proc/cpuinfo", cpuinfo("Intel(R) Xeon(R) Gold 6230", "fpu vmx lm nx", "vmx flags\t: vnmi ept vpid"));
        write("sys/module/kvm/parameters/tdp_mmu", "Y");
        write("sys/module/kvm_intel/parameters/ept", "Y");
        write("sys/module/kvm_intel/parameters/nested", "1");
        write("dev/kvm", "");
        write("proc/meminfo", "MemTotal:       24682752 kB\nMemFree: 1 kB");
        write("proc/sys/kernel/osrelease", "6.1.0-18-amd64");
        HostFacts facts = measure(GOOD);
        assertThat(facts.cpuModel()).isEqualTo("Intel(R) Xeon(R) Gold 6230");
        assertThat(facts.cpuFlags()).containsExactly("ept", "lm", "nx", "vmx", "vnmi", "vpid");
        assertThat(facts.kvmModule()).isTrue();
        assertThat(facts.moduleParameters())
                .containsExactly(
                        new ModuleParameter("kvm", "tdp_mmu", "Y"),
                        new ModuleParameter("kvm_intel", "ept", "Y"),
                        new ModuleParameter("kvm_intel", "nested", "1"));
        assertThat(facts.kvmDevice()).isEqualTo(KvmDeviceState.USABLE);
        assertThat(facts.kvmReason()).isEmpty();
        assertThat(facts.kvmAccess()).startsWith("rw");
        assertThat(facts.kvmApiVersion()).isEqualTo(12);
        assertThat(facts.pagingMode()).isEqualTo(PagingMode.EPT);
        assertThat(facts.pagingReason()).isEqualTo("kvm_intel has ept=Y");
        assertThat(facts.cpus()).isEqualTo(2);
        assertThat(facts.memoryMib()).isEqualTo(24104);
        assertThat(facts.kernel()).isEqualTo("6.1.0-18-amd64");
        assertThat(booted).containsExactly(Accelerator.KVM, Accelerator.TCG);
        assertThat(facts.cpuModels()).containsExactly("model-of-KVM");
        assertThat(facts.nested()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"kvm_intel, Y, true", "kvm_amd, 1, true", "kvm_intel, N, false", "kvm_amd, 0, false"})
    void guestsMayRunGuestsIfTheModuleSaysSo(String module, String value, boolean nested) throws Exception {
        write("sys/module/" + module + "/parameters/nested", value);
        assertThat(measure(GOOD).nested()).as("without /dev/kvm").isFalse();
        write("dev/kvm", "");
        assertThat(measure(GOOD).nested()).isEqualTo(nested);
    }

    @Test
    void withoutKvmTheModelsAreThoseOfTcg() throws Exception {
        assertThat(measure(GOOD).cpuModels()).containsExactly("model-of-TCG");
    }

    @ParameterizedTest
    @CsvSource({
        "kvm_intel, ept, Y, EPT",
        "kvm_intel, ept, N, SHADOW",
        "kvm_amd, npt, 1, NPT",
        "kvm_amd, npt, Y, NPT",
        "kvm_amd, npt, 0, SHADOW"
    })
    void pagingModeFollowsTheModule(String module, String parameter, String value, PagingMode expected)
            throws Exception {
        write("sys/module/" + module + "/parameters/" + parameter, value);
        write("dev/kvm", "");
        HostFacts facts = measure(GOOD);
        assertThat(facts.pagingMode()).isEqualTo(expected);
        assertThat(facts.pagingReason()).isEqualTo(module + " has " + parameter + "=" + value);
    }

    @Test
    void kvmWithoutEitherVendorsModuleIsShadowPaging() throws Exception {
        write("sys/module/kvm_pvm/parameters/force", "N");
        write("dev/kvm", "");
        HostFacts facts = measure(GOOD);
        assertThat(facts.pagingMode()).isEqualTo(PagingMode.SHADOW);
        assertThat(facts.pagingReason()).contains("KVM is served by kvm_pvm");
    }

    @ParameterizedTest
    @CsvSource({
        "fpu vmx, '', run: modprobe kvm_intel",
        "fpu svm, '', run: modprobe kvm_amd",
        "fpu hypervisor, '', this machine is a VM itself",
        "fpu, '', the firmware switches it off",
        "fpu vmx, kvm_intel, the device is missing in this container",
        "fpu svm, kvm_amd, the device is missing in this container"
    })
    void absenceIsExplained(String flags, String module, String expected) throws Exception {
        write("proc/cpuinfo", cpuinfo("CPU", flags, ""));
        if (!module.isEmpty()) {
            write("sys/module/" + module + "/parameters/nested", "N");
        }
        HostFacts facts = measure(GOOD);
        assertThat(facts.kvmDevice()).isEqualTo(KvmDeviceState.ABSENT);
        assertThat(facts.kvmReason()).startsWith("there is no /dev/kvm: ").contains(expected);
        assertThat(facts.kvmAccess()).isEmpty();
        assertThat(facts.kvmProbe().outcome()).isEqualTo(ProbeResult.Outcome.NOT_TRIED);
        assertThat(facts.kvmProbe().detail()).contains(expected);
        assertThat(facts.pagingMode()).isEqualTo(PagingMode.NONE);
        assertThat(booted).containsExactly(Accelerator.TCG);
    }

    @Test
    void missingPermissionIsExplained() throws Exception {
        write("sys/module/kvm_intel/parameters/ept", "Y");
        write("dev/kvm", "");
        HostFacts facts = measure(new KvmDevice.Answer(EACCES, 0, 0, 0));
        assertThat(facts.kvmDevice()).isEqualTo(KvmDeviceState.NO_PERMISSION);
        assertThat(facts.kvmReason()).contains(facts.kvmAccess()).contains("add its user to the group");
        assertThat(facts.pagingMode()).isEqualTo(PagingMode.EPT);
        assertThat(booted).containsExactly(Accelerator.TCG);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 12, 0, 16, makes no VM: error 16",
        "0, 11, 0, 0, 'API version 11, QEMU needs 12'",
        "0, 0, 25, 0, does not answer as KVM: error 25",
        "5, 0, 0, 0, does not open: error 5"
    })
    void brokenDevicesAreExplained(int open, int version, int api, int create, String expected) throws Exception {
        write("dev/kvm", "");
        HostFacts facts = measure(new KvmDevice.Answer(open, version, api, create));
        assertThat(facts.kvmDevice()).isEqualTo(KvmDeviceState.BROKEN);
        assertThat(facts.kvmReason()).contains(expected);
        assertThat(booted).containsExactly(Accelerator.TCG);
    }

    @Test
    void aDeviceWithoutADriverIsAbsent() throws Exception {
        write("dev/kvm", "");
        int enodev = 19;
        assertThat(measure(new KvmDevice.Answer(enodev, 0, 0, 0)).kvmDevice()).isEqualTo(KvmDeviceState.ABSENT);
    }

    @Test
    void anEmptyRootIsNoError() throws Exception {
        HostFacts facts = measure(GOOD);
        assertThat(facts.cpuModel()).isEmpty();
        assertThat(facts.cpus()).isZero();
        assertThat(facts.memoryMib()).isZero();
        assertThat(facts.qemuVersion()).isEmpty();
    }

    @Test
    void libcAnswersWithErrno() {
        LibcKvmDevice device = new LibcKvmDevice();
        int enoent = 2;
        int enotty = 25;
        assertThat(device.ask(root.resolve("kvm"))).isEqualTo(new KvmDevice.Answer(enoent, 0, 0, 0));
        assertThat(device.ask(Path.of("/dev/null"))).isEqualTo(new KvmDevice.Answer(0, 0, enotty, 0));
    }

    private HostFacts measure(KvmDevice.Answer answer) throws InterruptedException {
        GuestProbe guests = accelerator -> {
            booted.add(accelerator);
            return new ProbeResult(ProbeResult.Outcome.VERIFIED, 1, "booted");
        };
        CpuModels models = accelerator -> List.of("model-of-" + accelerator);
        return new HostProbe(root, device -> answer, guests, models, root.resolve("no-qemu")).measure();
    }

    private void write(String path, String text) throws IOException {
        Path file = root.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text + "\n");
    }

    private static String cpuinfo(String model, String flags, String extra) {
        String cpu = "model name\t: " + model + "\nflags\t\t: " + flags + "\n" + extra + "\n\n";
        return "processor\t: 0\n" + cpu + "processor\t: 1\n" + cpu;
    }
}
