package io.kelpie.controller.scheduling;

import io.kelpie.controller.model.DriverKind;
import io.kelpie.controller.model.PagingMode;
import java.util.EnumSet;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** A host for tests: ready, 8 CPUs, 16384 MiB, pool default of 102400 MiB, qemu, KVM verified with EPT, unless said. */
final class TestHost {
    private final String name;
    private final SortedMap<String, String> labels = new TreeMap<>();
    private final SortedMap<String, Long> pools = new TreeMap<>();
    private final SortedMap<String, Long> usedPoolMib = new TreeMap<>();
    private boolean cordoned;
    private boolean ready = true;
    private int cpus = 8;
    private long memoryMib = 16_384;
    private boolean kvmVerified = true;
    private PagingMode pagingMode = PagingMode.EPT;
    private Set<DriverKind> drivers = EnumSet.of(DriverKind.QEMU);
    private int usedVcpus;
    private long usedMemoryMib;

    private TestHost(String name) {
        this.name = name;
        pools.put("default", 102_400L);
    }

    static TestHost host(String name) {
        return new TestHost(name);
    }

    TestHost label(String label, String value) {
        labels.put(label, value);
        return this;
    }

    TestHost cordoned() {
        cordoned = true;
        return this;
    }

    TestHost suspect() {
        ready = false;
        return this;
    }

    TestHost cpus(int count) {
        cpus = count;
        return this;
    }

    TestHost memoryMib(long mib) {
        memoryMib = mib;
        return this;
    }

    TestHost pool(String pool, long mib) {
        pools.put(pool, mib);
        return this;
    }

    TestHost withoutPools() {
        pools.clear();
        return this;
    }

    TestHost withoutKvm() {
        kvmVerified = false;
        pagingMode = PagingMode.NONE;
        return this;
    }

    TestHost paging(PagingMode mode) {
        pagingMode = mode;
        return this;
    }

    TestHost drivers(Set<DriverKind> usable) {
        drivers = usable;
        return this;
    }

    TestHost usedVcpus(int vcpus) {
        usedVcpus = vcpus;
        return this;
    }

    TestHost usedMemoryMib(long mib) {
        usedMemoryMib = mib;
        return this;
    }

    TestHost usedPoolMib(String pool, long mib) {
        usedPoolMib.put(pool, mib);
        return this;
    }

    /** Its id is {@code id-} and its name. */
    HostView view() {
        return new HostView(
                "id-" + name,
                name,
                labels,
                cordoned,
                ready,
                cpus,
                memoryMib,
                pools,
                kvmVerified,
                pagingMode,
                drivers,
                usedVcpus,
                usedMemoryMib,
                usedPoolMib);
    }
}
