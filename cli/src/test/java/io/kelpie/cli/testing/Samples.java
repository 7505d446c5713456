package io.kelpie.cli.testing;

import io.kelpie.proto.v1.Decision;
import io.kelpie.proto.v1.DriverChoice;
import io.kelpie.proto.v1.DriverInfo;
import io.kelpie.proto.v1.Event;
import io.kelpie.proto.v1.Host;
import io.kelpie.proto.v1.HostCapabilities;
import io.kelpie.proto.v1.HostCapacity;
import io.kelpie.proto.v1.HostHealth;
import io.kelpie.proto.v1.HostRecord;
import io.kelpie.proto.v1.Job;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.KvmDevice;
import io.kelpie.proto.v1.PagingMode;
import io.kelpie.proto.v1.Pool;
import io.kelpie.proto.v1.ProbeResult;
import io.kelpie.proto.v1.Reservation;
import io.kelpie.proto.v1.RuleOutcome;
import io.kelpie.proto.v1.StateCount;
import io.kelpie.proto.v1.Vm;
import io.kelpie.proto.v1.VmRecord;
import io.kelpie.proto.v1.VmState;
import io.kelpie.proto.v1.VmTemplate;

/** Jobs, VMs and hosts as controllers show them. */
public final class Samples {
    private Samples() {}

    /** The shortest complete job file. */
    public static String jobFile(String name) {
        return """
                apiVersion: kelpie/v1
                kind: Job
                metadata: {name: %s}
                spec:
                  vm:
                    memory: 512Mi
                    boot: {kernel: {file: vmlinuz}}
                """.formatted(name);
    }

    public static Job job(String name, int replicas, Object... counts) {
        Job.Builder job = Job.newBuilder()
                .setJobUid("uid-" + name)
                .setSpec(JobSpec.newBuilder()
                        .setName(name)
                        .setNamespace("default")
                        .setReplicas(replicas)
                        .setVm(template()))
                .setVersion(1)
                .setCreatedAtMillis(Kelpie.NOW - 90_000);
        for (int i = 0; i < counts.length; i += 2) {
            job.addVmCounts(StateCount.newBuilder().setState((String) counts[i]).setCount((Integer) counts[i + 1]));
        }
        return job.build();
    }

    public static VmTemplate template() {
        return VmTemplate.newBuilder().setVcpus(2).setMemoryMib(2048).build();
    }

    public static Vm vm(String job, int ordinal, VmState state) {
        return vm(job, ordinal, state, "");
    }

    public static Vm vm(String job, int ordinal, VmState state, String host) {
        VmRecord.Builder record = VmRecord.newBuilder()
                .setVmId("00000000-0000-8000-8000-00000000000" + ordinal)
                .setJobUid("uid-" + job)
                .setNamespace("default")
                .setJob(job)
                .setOrdinal(ordinal)
                .setState(state)
                .setIncarnation(1)
                .setSpecVersion(1)
                .setHostId(host.isEmpty() ? "" : "id-" + host)
                .setStateSinceMillis(Kelpie.NOW - 12_000);
        return Vm.newBuilder()
                .setName(job + "-" + ordinal)
                .setRecord(record)
                .setHostName(host)
                .setTemplate(template())
                .build();
    }

    /** A decision that no host could take the VM. */
    public static Decision noHost() {
        return Decision.newBuilder()
                .setAtMillis(Kelpie.NOW - 1_000)
                .setHostsConsidered(3)
                .addRules(RuleOutcome.newBuilder()
                        .setRule("memory")
                        .setHostsRemoved(2)
                        .setNearestHost("h1")
                        .setAsked("65536 MiB")
                        .setFree("7100 MiB")
                        .setShortfall("58436 MiB")
                        .setFix("ask for 6800Mi or less"))
                .addRules(RuleOutcome.newBuilder()
                        .setRule("cordon")
                        .setHostsRemoved(1)
                        .setFix("kelpie uncordon h2"))
                .build();
    }

    public static Host host(String name) {
        return Host.newBuilder()
                .setRecord(HostRecord.newBuilder()
                        .setHostId("id-" + name)
                        .setName(name)
                        .putLabels("disk", "ssd")
                        .setJoinedAtMillis(Kelpie.NOW - 3_600_000L * 50)
                        .setCapacity(HostCapacity.newBuilder().setCpus(8).setMemoryMib(15_872)))
                .setCapabilities(HostCapabilities.newBuilder()
                        .setCpuModel("Some CPU")
                        .addCpuFlags("vmx")
                        .addCpuFlags("ept")
                        .setKvmModule(true)
                        .setKvmDevice(KvmDevice.KVM_DEVICE_USABLE)
                        .setKvmApiVersion(12)
                        .setPagingMode(PagingMode.PAGING_MODE_EPT)
                        .setKvmProbe(ProbeResult.newBuilder()
                                .setOutcome(ProbeResult.Outcome.OUTCOME_VERIFIED)
                                .setMillis(41))
                        .setTcgProbe(ProbeResult.newBuilder()
                                .setOutcome(ProbeResult.Outcome.OUTCOME_VERIFIED)
                                .setMillis(300))
                        .addDrivers(DriverInfo.newBuilder()
                                .setDriver(DriverChoice.DRIVER_CHOICE_QEMU)
                                .setUsable(true)
                                .setVersion("7.2.15"))
                        .addDrivers(DriverInfo.newBuilder()
                                .setDriver(DriverChoice.DRIVER_CHOICE_LIBVIRT)
                                .setReason("no socket at /run/libvirt"))
                        .addPools(Pool.newBuilder()
                                .setName("default")
                                .setPath("/var/lib/kelpie")
                                .setTotalMib(102_400)
                                .setFreeMib(51_300)))
                .setHealth(HostHealth.HOST_HEALTH_READY)
                .setHealthSinceMillis(Kelpie.NOW - 60_000)
                .setReserved(Reservation.newBuilder().setVcpus(6).setMemoryMib(6_384))
                .setInstances(3)
                .setAgentVersion("0.1.0")
                .build();
    }

    /** A host without KVM. */
    public static Host tcgHost(String name) {
        Host host = host(name);
        return host.toBuilder()
                .setCapabilities(host.getCapabilities().toBuilder()
                        .clearKvmProbe()
                        .clearPagingMode()
                        .setKvmDevice(KvmDevice.KVM_DEVICE_ABSENT)
                        .setKvmReason("/dev/kvm is absent"))
                .setHealth(HostHealth.HOST_HEALTH_SUSPECT)
                .setHealthReason("no heartbeat for 20 s")
                .setRecord(host.getRecord().toBuilder().setCordoned(true))
                .build();
    }

    public static Event event(long sequence, String subject, String type, String message) {
        return Event.newBuilder()
                .setSequence(sequence)
                .setAtMillis(Kelpie.NOW - 5_000)
                .setSubject(subject)
                .setType(type)
                .setMessage(message)
                .build();
    }
}
