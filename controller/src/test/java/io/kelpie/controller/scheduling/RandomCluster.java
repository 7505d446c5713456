package io.kelpie.controller.scheduling;

import io.kelpie.controller.model.AccelerationMode;
import io.kelpie.controller.model.DriverKind;
import io.kelpie.controller.model.PagingMode;
import io.kelpie.controller.model.PagingRequirement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** Clusters and requests from a seed, in which every rule removes hosts now and then. */
final class RandomCluster {
    private final Random random;

    RandomCluster(long seed) {
        random = new Random(seed);
    }

    ClusterSnapshot snapshot(int hosts) {
        List<HostView> views = new ArrayList<>();
        for (int i = 0; i < hosts; i++) {
            views.add(host("h" + i));
        }
        return snapshot(views);
    }

    static ClusterSnapshot snapshot(List<HostView> views) {
        return new ClusterSnapshot(
                views.stream().sorted(Comparator.comparing(HostView::id)).toList());
    }

    HostView host(String name) {
        int cpus = 1 + random.nextInt(32);
        long memoryMib = 512L * (1 + random.nextInt(64));
        TestHost host = TestHost.host(name)
                .cpus(cpus)
                .memoryMib(memoryMib)
                .usedVcpus(random.nextInt(cpus * 4 + 1))
                .usedMemoryMib((long) (random.nextDouble() * memoryMib))
                .usedPoolMib("default", random.nextInt(102_400))
                .label("disk", oneOf("ssd", "hdd"))
                .label("zone", oneOf("a", "b", "c"))
                .paging(oneOf(PagingMode.EPT, PagingMode.NPT, PagingMode.SHADOW))
                .drivers(drivers());
        if (rarely()) {
            host.cordoned();
        }
        if (rarely()) {
            host.suspect();
        }
        if (rarely()) {
            host.withoutKvm();
        }
        if (random.nextBoolean()) {
            host.pool("fast", 1 + random.nextInt(50_000));
        }
        return host.view();
    }

    List<PlacementRequest> requests(int count, int hosts) {
        List<PlacementRequest> requests = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            requests.add(request(i, hosts));
        }
        return requests;
    }

    PlacementRequest request(int number, int hosts) {
        TestVm vm = TestVm.vm(number)
                .vcpus(1 + random.nextInt(8))
                .memoryMib(1 + random.nextInt(8_192))
                .acceleration(oneOf(AccelerationMode.values()))
                .paging(oneOf(PagingRequirement.values()));
        if (random.nextBoolean()) {
            vm.disk("default", 1 + random.nextInt(20_000));
        }
        if (rarely()) {
            vm.disk("fast", 1 + random.nextInt(20_000));
        }
        if (rarely()) {
            vm.disk("nowhere", 1);
        }
        if (rarely()) {
            vm.driver(oneOf(DriverKind.values()));
        }
        if (rarely()) {
            vm.require("disk", "ssd", "nvme");
        }
        if (rarely()) {
            vm.require("zone", oneOf("a", "b"));
        }
        if (rarely()) {
            vm.boundTo("h" + random.nextInt(hosts + 1), "root");
        }
        if (rarely()) {
            vm.prefers("h" + random.nextInt(hosts + 1));
        }
        while (rarely()) {
            vm.avoids("h" + random.nextInt(hosts));
        }
        return vm.request();
    }

    private Set<DriverKind> drivers() {
        Set<DriverKind> drivers = EnumSet.noneOf(DriverKind.class);
        for (DriverKind driver : DriverKind.values()) {
            if (random.nextInt(3) > 0) {
                drivers.add(driver);
            }
        }
        return drivers;
    }

    private boolean rarely() {
        return random.nextInt(6) == 0;
    }

    @SafeVarargs
    private <T> T oneOf(T... values) {
        return values[random.nextInt(values.length)];
    }
}
