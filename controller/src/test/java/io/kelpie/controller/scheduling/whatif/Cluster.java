package io.kelpie.controller.scheduling.whatif;

import io.kelpie.controller.scheduling.ClusterSnapshot;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.InstanceView;
import io.kelpie.controller.scheduling.TestHost;
import io.kelpie.controller.scheduling.TestVm;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

/** A cluster for tests, its hosts and the VMs on them. What hosts hold is what their VMs hold, and what is said beside. */
public final class Cluster {
    private final SortedMap<String, TestHost> hosts = new TreeMap<>();
    private final List<TestVm> vms = new ArrayList<>();

    /** A host, a new one or the one of this name: without pools unless said. Its id is its name. */
    public TestHost host(String name) {
        return hosts.computeIfAbsent(name, any -> TestHost.named(name).withoutPools());
    }

    /** A new VM, {@code web-0} of job web; on no host unless said. */
    public TestVm vm(String name) {
        TestVm vm = TestVm.vm(jobName(name), ordinal(name));
        vms.add(vm);
        return vm;
    }

    public ClusterSnapshot snapshot() {
        List<InstanceView> instances = vms.stream()
                .filter(vm -> vm.hostId().isPresent())
                .map(TestVm::instance)
                .sorted(Comparator.comparing(InstanceView::vmId))
                .toList();
        List<HostView> views = hosts.values().stream()
                .map(host -> holding(TestHost.like(host.view()), instances))
                .toList();
        return new ClusterSnapshot(views, instances);
    }

    /** The host as it is when it holds its share of the instances too. */
    public static HostView holding(TestHost host, List<InstanceView> instances) {
        instances.stream().filter(vm -> vm.hostId().equals(host.id())).forEach(vm -> host.holding(vm.held()));
        return host.view();
    }

    /** The id of a VM by its name. */
    public static UUID id(String vm) {
        return TestVm.id(jobName(vm), ordinal(vm));
    }

    private static String jobName(String vm) {
        return vm.substring(0, vm.lastIndexOf('-'));
    }

    private static int ordinal(String vm) {
        return Integer.parseInt(vm.substring(vm.lastIndexOf('-') + 1));
    }
}
