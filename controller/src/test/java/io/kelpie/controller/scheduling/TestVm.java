package io.kelpie.controller.scheduling;

import io.kelpie.controller.model.AccelerationMode;
import io.kelpie.controller.model.DriverKind;
import io.kelpie.controller.model.LabelRequirement;
import io.kelpie.controller.model.PagingRequirement;
import io.kelpie.controller.model.VmShape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;

/** A VM that wants a place, for tests: 1 vCPU, 1024 MiB, no disk, KVM with hardware paging, any driver, unless said. */
final class TestVm {
    private final UUID vmId;
    private int vcpus = 1;
    private long memoryMib = 1_024;
    private final SortedMap<String, Long> poolMib = new TreeMap<>();
    private AccelerationMode acceleration = AccelerationMode.KVM;
    private PagingRequirement paging = PagingRequirement.HARDWARE;
    private Optional<DriverKind> driver = Optional.empty();
    private final List<LabelRequirement> require = new ArrayList<>();
    private Optional<String> boundToHost = Optional.empty();
    private String boundDisk = "";
    private Optional<String> preferredHost = Optional.empty();
    private final Set<String> avoidedHosts = new TreeSet<>();

    private TestVm(int number) {
        vmId = new UUID(0, number);
    }

    static TestVm vm(int number) {
        return new TestVm(number);
    }

    TestVm vcpus(int count) {
        vcpus = count;
        return this;
    }

    TestVm memoryMib(long mib) {
        memoryMib = mib;
        return this;
    }

    TestVm disk(String pool, long mib) {
        poolMib.merge(pool, mib, Long::sum);
        return this;
    }

    TestVm acceleration(AccelerationMode mode) {
        acceleration = mode;
        return this;
    }

    TestVm paging(PagingRequirement requirement) {
        paging = requirement;
        return this;
    }

    TestVm driver(DriverKind kind) {
        driver = Optional.of(kind);
        return this;
    }

    TestVm require(String label, String... in) {
        require.add(new LabelRequirement(label, List.of(in)));
        return this;
    }

    TestVm boundTo(String hostName, String disk) {
        boundToHost = Optional.of("id-" + hostName);
        boundDisk = disk;
        return this;
    }

    TestVm prefers(String hostName) {
        preferredHost = Optional.of("id-" + hostName);
        return this;
    }

    TestVm avoids(String hostName) {
        avoidedHosts.add("id-" + hostName);
        return this;
    }

    PlacementRequest request() {
        VmShape shape =
                new VmShape(vcpus, memoryMib, poolMib, boundToHost.isPresent(), acceleration, paging, driver, require);
        return new PlacementRequest(vmId, shape, boundToHost, boundDisk, preferredHost, avoidedHosts);
    }
}
