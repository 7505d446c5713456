package io.kelpie.agent.instance;

import io.kelpie.agent.driver.Accelerator;
import io.kelpie.agent.driver.DriverKind;
import io.kelpie.agent.driver.GuestCpu;
import io.kelpie.agent.driver.GuestHardware;
import io.kelpie.agent.driver.HugepageSize;
import io.kelpie.proto.v1.Cpu;
import io.kelpie.proto.v1.VmTemplate;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** What a guest's CPUs and memory are made of. Pure: what was asked for, against what was measured. */
final class HardwareChoice {
    private static final String MODEL_FIELD = "spec.vm.cpu.model";
    private static final String NESTED_FIELD = "spec.vm.cpu.nested";
    private static final String NUMA_FIELD = "spec.vm.numa.nodes";
    private static final String NEWER =
            "this agent does not know what is asked for. Fix: make the agent as new as the controller";

    /** What may stand in a hypervisor's options as it is. */
    private static final Pattern PLAIN_WORD = Pattern.compile("[A-Za-z0-9][-A-Za-z0-9._]{0,62}");

    private HardwareChoice() {}

    /**
     * The hardware of a guest.
     *
     * @param hostNodes NUMA nodes of the host, as the controller chose them; empty: it chose none
     * @param choice who runs the guest; nothing is refused of a rehearsal, as nothing is made for it
     */
    static GuestHardware of(VmTemplate template, List<Integer> hostNodes, LaunchChoice choice, CpuSupport cpus)
            throws StartRejectedException {
        if (choice.driver() == DriverKind.FAKE) {
            return GuestHardware.PLAIN;
        }
        if (template.getDevicesCount() > 0) {
            throw new StartRejectedException(
                    "spec.vm.devices",
                    "this version passes no devices of the host to VMs, and the VM asks for "
                            + template.getDevices(0).getCount() + " of kind "
                            + template.getDevices(0).getKind()
                            + ". Fix: remove the devices from the job, or rehearse it with driver fake",
                    null);
        }
        int nodes = template.hasNuma() ? template.getNuma().getNodes() : 1;
        if (nodes < 1
                || template.getVcpus() % nodes != 0
                || template.getMemoryMib() % nodes != 0
                || (!hostNodes.isEmpty() && hostNodes.size() != nodes)) {
            throw new StartRejectedException(
                    NUMA_FIELD,
                    template.getVcpus() + " vCPUs and " + template.getMemoryMib()
                            + " MiB cannot be divided evenly among "
                            + nodes + " NUMA nodes, or the controller chose " + hostNodes.size()
                            + " of the host. Fix: give a number that divides both",
                    null);
        }
        return new GuestHardware(cpu(template.getCpu(), choice.accelerator(), cpus), pages(template), nodes, hostNodes);
    }

    private static Optional<HugepageSize> pages(VmTemplate template) throws StartRejectedException {
        return switch (template.getHugepages()) {
            case HUGEPAGES_UNSPECIFIED, HUGEPAGES_NONE -> Optional.empty();
            case HUGEPAGES_2MI -> Optional.of(HugepageSize.TWO_MIB);
            case HUGEPAGES_1GI -> Optional.of(HugepageSize.ONE_GIB);
            case UNRECOGNIZED -> throw new StartRejectedException("spec.vm.hugepages", NEWER, null);
        };
    }

    private static GuestCpu cpu(Cpu asked, Accelerator accelerator, CpuSupport cpus) throws StartRejectedException {
        Optional<String> nesting = asked.getNested() ? Optional.of(nesting(accelerator, cpus)) : Optional.empty();
        return switch (asked.getModel()) {
            case "" -> new GuestCpu(GuestCpu.Kind.BASELINE, "", nesting);
            case "host-model" -> new GuestCpu(GuestCpu.Kind.HOST_MODEL, "", nesting);
            case "host-passthrough" -> new GuestCpu(GuestCpu.Kind.HOST_PASSTHROUGH, "", nesting);
            default -> new GuestCpu(GuestCpu.Kind.NAMED, named(asked.getModel(), accelerator, cpus), nesting);
        };
    }

    private static String named(String model, Accelerator accelerator, CpuSupport cpus) throws StartRejectedException {
        if (!PLAIN_WORD.matcher(model).matches()) {
            throw new StartRejectedException(MODEL_FIELD, "it is no name of a CPU model", null);
        }
        boolean known = cpus.accelerator() == accelerator && !cpus.models().isEmpty();
        if (known && !cpus.models().contains(model)) {
            throw new StartRejectedException(
                    MODEL_FIELD,
                    "this host cannot give a guest every feature of CPU model " + model + " under " + accelerator
                            + ". Fix: ask for one that `kelpie describe host` lists, or for host-model",
                    null);
        }
        return model;
    }

    /** TCG emulates AMD's virtualisation on any host. */
    private static String nesting(Accelerator accelerator, CpuSupport cpus) throws StartRejectedException {
        return switch (accelerator) {
            case TCG -> "svm";
            case KVM ->
                cpus.nesting()
                        .orElseThrow(() -> new StartRejectedException(
                                NESTED_FIELD,
                                "KVM on this host lets no guest run guests. Fix: load kvm_intel or kvm_amd with nested=1,"
                                        + " or leave `nested` out",
                                null));
        };
    }
}
