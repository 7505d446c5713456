package io.kelpie.agent.server;

import com.google.protobuf.InvalidProtocolBufferException;
import io.kelpie.agent.capability.HostFacts;
import io.kelpie.agent.capability.KvmDeviceState;
import io.kelpie.agent.capability.PagingMode;
import io.kelpie.agent.capability.ProbeResult;
import io.kelpie.proto.v1.HostCapabilities;
import io.kelpie.proto.v1.KvmDevice;
import io.kelpie.proto.v1.ModuleParameter;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/**
 * What was measured of the machine, in the words of the wire; drivers and pools are not part of it.
 *
 * @param capabilities what the machine can do
 * @param cpus logical CPUs
 * @param memoryMib the machine's memory, in MiB
 */
record MeasuredHost(HostCapabilities capabilities, int cpus, long memoryMib) {
    private static final String KEY = "key ";
    private static final String CPUS = "cpus ";
    private static final String MEMORY = "memory-mib ";
    private static final String CAPABILITIES = "capabilities ";

    static MeasuredHost of(HostFacts facts) {
        HostCapabilities.Builder capabilities = HostCapabilities.newBuilder()
                .setCpuModel(facts.cpuModel())
                .addAllCpuFlags(facts.cpuFlags())
                .setKvmModule(facts.kvmModule())
                .setKvmDevice(device(facts.kvmDevice()))
                .setKvmReason(facts.kvmReason())
                .setKvmApiVersion(facts.kvmApiVersion())
                .setPagingMode(paging(facts.pagingMode()))
                .setKvmProbe(probe(facts.kvmProbe()))
                .setTcgProbe(probe(facts.tcgProbe()))
                .setKernel(facts.kernel())
                .addAllCpuModels(facts.cpuModels())
                .setNested(facts.nested());
        facts.moduleParameters()
                .forEach(parameter -> capabilities.addModuleParameters(ModuleParameter.newBuilder()
                        .setModule(parameter.module())
                        .setName(parameter.name())
                        .setValue(parameter.value())));
        return new MeasuredHost(capabilities.build(), facts.cpus(), facts.memoryMib());
    }

    /** As text, together with what it depends on. */
    String encode(String key) {
        return KEY + key + "\n" + CPUS + cpus + "\n" + MEMORY + memoryMib + "\n" + CAPABILITIES
                + Base64.getEncoder().encodeToString(capabilities.toByteArray()) + "\n";
    }

    /** What {@link #encode} wrote, if it was for the same key; anything else is as good as nothing. */
    static Optional<MeasuredHost> decode(String text, String key) {
        List<String> lines = text.lines().toList();
        if (lines.size() != 4
                || !lines.get(0).equals(KEY + key)
                || !lines.get(1).startsWith(CPUS)
                || !lines.get(2).startsWith(MEMORY)
                || !lines.get(3).startsWith(CAPABILITIES)) {
            return Optional.empty();
        }
        try {
            return Optional.of(new MeasuredHost(
                    HostCapabilities.parseFrom(
                            Base64.getDecoder().decode(lines.get(3).substring(CAPABILITIES.length()))),
                    Integer.parseInt(lines.get(1).substring(CPUS.length())),
                    Long.parseLong(lines.get(2).substring(MEMORY.length()))));
        } catch (IllegalArgumentException | InvalidProtocolBufferException e) {
            return Optional.empty();
        }
    }

    private static KvmDevice device(KvmDeviceState state) {
        return switch (state) {
            case ABSENT -> KvmDevice.KVM_DEVICE_ABSENT;
            case NO_PERMISSION -> KvmDevice.KVM_DEVICE_NO_PERMISSION;
            case USABLE -> KvmDevice.KVM_DEVICE_USABLE;
            case BROKEN -> KvmDevice.KVM_DEVICE_BROKEN;
        };
    }

    private static io.kelpie.proto.v1.PagingMode paging(PagingMode mode) {
        return switch (mode) {
            case NONE -> io.kelpie.proto.v1.PagingMode.PAGING_MODE_UNSPECIFIED;
            case EPT -> io.kelpie.proto.v1.PagingMode.PAGING_MODE_EPT;
            case NPT -> io.kelpie.proto.v1.PagingMode.PAGING_MODE_NPT;
            case SHADOW -> io.kelpie.proto.v1.PagingMode.PAGING_MODE_SHADOW;
        };
    }

    private static io.kelpie.proto.v1.ProbeResult probe(ProbeResult result) {
        return io.kelpie.proto.v1.ProbeResult.newBuilder()
                .setOutcome(
                        switch (result.outcome()) {
                            case NOT_TRIED -> io.kelpie.proto.v1.ProbeResult.Outcome.OUTCOME_UNSPECIFIED;
                            case VERIFIED -> io.kelpie.proto.v1.ProbeResult.Outcome.OUTCOME_VERIFIED;
                            case FIRMWARE_ONLY -> io.kelpie.proto.v1.ProbeResult.Outcome.OUTCOME_FIRMWARE_ONLY;
                            case FAILED -> io.kelpie.proto.v1.ProbeResult.Outcome.OUTCOME_FAILED;
                        })
                .setMillis((int) Math.min(Integer.MAX_VALUE, result.millis()))
                .setDetail(result.detail())
                .build();
    }
}
