package io.kelpie.agent.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.agent.capability.HostFacts;
import io.kelpie.agent.capability.HostTopology;
import io.kelpie.agent.capability.KvmDeviceState;
import io.kelpie.agent.capability.ModuleParameter;
import io.kelpie.agent.capability.PagingMode;
import io.kelpie.agent.capability.ProbeResult;
import io.kelpie.agent.driver.Accelerator;
import io.kelpie.agent.driver.DriverFingerprint;
import io.kelpie.agent.driver.DriverKind;
import io.kelpie.agent.instance.CpuSupport;
import io.kelpie.proto.v1.HostCapabilities;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostMeasurementTest {
    @TempDir
    Path folder;

    private int boots;
    private ProbeResult.Outcome tcg = ProbeResult.Outcome.VERIFIED;
    private Path qemu;
    private Path kvm;

    @BeforeEach
    void makeFiles() throws Exception {
        qemu = Files.writeString(folder.resolve("qemu"), "one");
        kvm = Files.writeString(folder.resolve("kvm"), "");
    }

    private HostMeasurement measurement(String bootId) {
        return new HostMeasurement(this::facts, folder.resolve("measured"), bootId, qemu, kvm);
    }

    private HostFacts facts() {
        boots++;
        return new HostFacts(
                "CPU",
                List.of("svm"),
                true,
                List.of(new ModuleParameter("kvm_amd", "npt", "1")),
                KvmDeviceState.USABLE,
                "",
                "crw-rw---- root kvm",
                12,
                PagingMode.NPT,
                "npt=1",
                new ProbeResult(ProbeResult.Outcome.FIRMWARE_ONLY, 10_000, "it hung"),
                new ProbeResult(tcg, 90, "it runs"),
                "7.2",
                "6.1",
                4,
                8192,
                List.of("EPYC", "qemu64"),
                true);
    }

    @Test
    void guestsAreBootedOnceForEachStateOfTheHost() throws Exception {
        MeasuredHost first = measurement("b1").measure();
        assertThat(measurement("b1").measure()).isEqualTo(first);
        assertThat(boots).isEqualTo(1);

        measurement("b2").measure();
        assertThat(boots).isEqualTo(2);
        Files.writeString(qemu, "another");
        measurement("b2").measure();
        assertThat(boots).isEqualTo(3);
        Files.delete(kvm);
        measurement("b2").measure();
        measurement("b2").measure();
        assertThat(boots).isEqualTo(4);
    }

    @Test
    void whatAnEarlierAgentHasKeptIsMeasuredAnew() throws Exception {
        HostMeasurement measurement = measurement("b1");
        MeasuredHost first = measurement.measure();
        Files.writeString(
                folder.resolve("measured"), first.encode(measurement.key().substring(2)));
        measurement.measure();
        assertThat(boots).isEqualTo(2);
    }

    @Test
    void aDamagedResultIsMeasuredAnew() throws Exception {
        measurement("b1").measure();
        Files.writeString(folder.resolve("measured"), "nonsense");
        measurement("b1").measure();
        assertThat(boots).isEqualTo(2);
    }

    @Test
    void aHostTooBusyToBootAGuestIsMeasuredAgain() throws Exception {
        tcg = ProbeResult.Outcome.FAILED;
        measurement("b1").measure();
        measurement("b1").measure();
        assertThat(boots).isEqualTo(2);
    }

    @Test
    void whatWasMeasuredIsTold() throws Exception {
        HostState state = new HostState(
                measurement("b1").measure(),
                HostTopology.UNKNOWN,
                Map.of(DriverKind.QEMU, new DriverFingerprint(true, "7.2", "", true)),
                new TreeMap<>(),
                List.of(),
                List.of());
        AgentConfig config = AgentConfig.parse("x", "{controllers: ['localhost:1'], reservedMemory: 1Gi}", "h1");
        HostCapabilities told = state.capabilities(config);
        assertThat(told.getCpuModelsList()).containsExactly("EPYC", "qemu64");
        assertThat(told.getNested()).isTrue();
        assertThat(state.status().cpus())
                .as("KVM is not verified, so the models are TCG's")
                .isEqualTo(new CpuSupport(Accelerator.TCG, Set.of("EPYC", "qemu64"), Optional.of("svm")));
        assertThat(told.getPagingMode()).isEqualTo(io.kelpie.proto.v1.PagingMode.PAGING_MODE_NPT);
        assertThat(told.getKvmProbe().getOutcome())
                .isEqualTo(io.kelpie.proto.v1.ProbeResult.Outcome.OUTCOME_FIRMWARE_ONLY);
        assertThat(told.getModuleParameters(0).getName()).isEqualTo("npt");
        assertThat(told.getDrivers(0).getVersion()).isEqualTo("7.2");
        assertThat(state.status().kvmVerified()).isFalse();
        assertThat(state.status().kvmDetail()).isEqualTo("it hung");
        assertThat(state.status().hardwarePaging()).isTrue();
        assertThat(state.capacity(config).getMemoryMib()).isEqualTo(7168);
        assertThat(state.capacity(config).getCpus()).isEqualTo(4);
    }
}
