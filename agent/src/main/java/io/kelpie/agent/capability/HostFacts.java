package io.kelpie.agent.capability;

import java.util.List;

/**
 * What a host has and can do, measured.
 *
 * @param cpuModel CPU model name as the kernel shows it; empty if unknown
 * @param cpuFlags those of the CPU's flags that matter to virtualisation (vmx, svm, ept, npt, …), sorted
 * @param kvmModule true if KVM is loaded or built in
 * @param moduleParameters parameters of the KVM modules, sorted by module and name
 * @param kvmDevice whether /dev/kvm can be used
 * @param kvmReason why not, and what to do; empty if it can
 * @param kvmAccess mode and owners of /dev/kvm, {@code crw-rw---- root kvm}; empty if there is none
 * @param kvmApiVersion API version of KVM; 0 if unknown
 * @param pagingMode how guest addresses are translated
 * @param pagingReason what the paging mode was derived from, one sentence
 * @param kvmProbe a guest booted under KVM
 * @param tcgProbe a guest booted under TCG
 * @param qemuVersion version of QEMU; empty if it does not run
 * @param kernel kernel release
 * @param cpus logical CPUs
 * @param memoryMib the machine's memory, in MiB
 * @param cpuModels CPU models of QEMU that a guest can have with every feature, sorted: under KVM if that is verified,
 *     else under TCG
 * @param nested true if guests under KVM may run guests by hardware virtualisation themselves
 */
public record HostFacts(
        String cpuModel,
        List<String> cpuFlags,
        boolean kvmModule,
        List<ModuleParameter> moduleParameters,
        KvmDeviceState kvmDevice,
        String kvmReason,
        String kvmAccess,
        int kvmApiVersion,
        PagingMode pagingMode,
        String pagingReason,
        ProbeResult kvmProbe,
        ProbeResult tcgProbe,
        String qemuVersion,
        String kernel,
        int cpus,
        long memoryMib,
        List<String> cpuModels,
        boolean nested) {
    public HostFacts {
        cpuFlags = List.copyOf(cpuFlags);
        moduleParameters = List.copyOf(moduleParameters);
        cpuModels = List.copyOf(cpuModels);
    }
}
