package io.kelpie.it.benchmark.nplus1;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.kelpie.it.benchmark.nplus1.FilledCluster.FilledVm;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A cluster and a request for one VM in the form that {@code hail} reads: Ganeti's allocator message, version 2. */
public final class HailInput {
    private static final String GROUP = "group-1";
    private static final String TEMPLATE = "plain";
    private static final String HYPERVISOR = "xen-pvm"; // on this one hail keeps no memory back for the host

    private HailInput() {}

    public static void write(FilledCluster cluster, Path file) throws IOException {
        new ObjectMapper().writeValue(file.toFile(), message(cluster));
    }

    static Map<String, Object> message(FilledCluster cluster) {
        long[] memoryMib = new long[cluster.hosts()];
        long[] diskMib = new long[cluster.hosts()];
        Map<String, Object> instances = new LinkedHashMap<>();
        for (int i = 0; i < cluster.vms().size(); i++) {
            FilledVm vm = cluster.vms().get(i);
            memoryMib[vm.host()] += vm.memoryMib();
            diskMib[vm.host()] += FilledCluster.VM_DISK_MIB;
            Map<String, Object> instance = vm(vm.vcpus(), vm.memoryMib());
            instance.put("admin_state", "up");
            instance.put("nodes", List.of(node(vm.host())));
            instances.put("vm-" + i, instance);
        }
        Map<String, Object> nodes = new LinkedHashMap<>();
        for (int host = 0; host < cluster.hosts(); host++) {
            nodes.put(
                    node(host),
                    host(FilledCluster.HOST_MEMORY_MIB - memoryMib[host], FilledCluster.HOST_DISK_MIB - diskMib[host]));
        }
        Map<String, Object> request = vm(FilledCluster.ASKED_VCPUS, FilledCluster.ASKED_MEMORY_MIB);
        request.put("type", "allocate");
        request.put("name", "asked");
        request.put("required_nodes", 1);
        Map<String, Object> message = new LinkedHashMap<>();
        message.put("version", 2);
        message.put("cluster_name", "bench");
        message.put("cluster_tags", List.of());
        message.put("enabled_hypervisors", List.of(HYPERVISOR));
        message.put("nodegroups", Map.of(GROUP, group()));
        message.put("nodes", nodes);
        message.put("instances", instances);
        message.put("request", request);
        return message;
    }

    private static String node(int host) {
        return String.format("node-%05d", host);
    }

    private static Map<String, Object> vm(int vcpus, long memoryMib) {
        Map<String, Object> vm = new LinkedHashMap<>();
        vm.put("vcpus", vcpus);
        vm.put("memory", memoryMib);
        vm.put("disk_template", TEMPLATE);
        vm.put("disk_space_total", FilledCluster.VM_DISK_MIB);
        vm.put("disks", List.of(Map.of("mode", "rw", "size", FilledCluster.VM_DISK_MIB, "spindles", 1)));
        vm.put("nics", List.of());
        vm.put("tags", List.of());
        vm.put("spindle_use", 1);
        vm.put("hypervisor", HYPERVISOR);
        vm.put("os", "linux");
        return vm;
    }

    private static Map<String, Object> host(long freeMemoryMib, long freeDiskMib) {
        Map<String, Object> host = new LinkedHashMap<>();
        host.put("group", GROUP);
        host.put("offline", false);
        host.put("drained", false);
        host.put("vm_capable", true);
        host.put("master_candidate", true);
        host.put("tags", List.of());
        host.put("ndparams", Map.of("exclusive_storage", false, "spindle_count", 1));
        host.put("total_memory", FilledCluster.HOST_MEMORY_MIB);
        host.put("reserved_memory", 0);
        host.put("free_memory", freeMemoryMib);
        host.put("total_disk", FilledCluster.HOST_DISK_MIB);
        host.put("free_disk", freeDiskMib);
        host.put("total_cpus", FilledCluster.HOST_CPUS);
        host.put("reserved_cpus", 0);
        host.put("total_spindles", 0);
        host.put("free_spindles", 0);
        return host;
    }

    private static Map<String, Object> group() {
        Map<String, Object> policy = new LinkedHashMap<>();
        policy.put("disk-templates", List.of(TEMPLATE));
        policy.put(
                "minmax",
                List.of(Map.of(
                        "min", spec(1, FilledCluster.VM_DISK_MIB, 128),
                        "max", spec(64, FilledCluster.VM_DISK_MIB, FilledCluster.HOST_MEMORY_MIB))));
        policy.put("std", spec(1, FilledCluster.VM_DISK_MIB, 2048));
        policy.put("vcpu-ratio", (double) FilledCluster.VCPU_RATIO);
        policy.put("spindle-ratio", 1000.0);
        Map<String, Object> group = new LinkedHashMap<>();
        group.put("name", "default");
        group.put("alloc_policy", "preferred");
        group.put("networks", List.of());
        group.put("tags", List.of());
        group.put("ipolicy", policy);
        return group;
    }

    private static Map<String, Object> spec(int vcpus, long diskMib, long memoryMib) {
        Map<String, Object> spec = new LinkedHashMap<>();
        spec.put("cpu-count", vcpus);
        spec.put("disk-count", 1);
        spec.put("disk-size", diskMib);
        spec.put("memory-size", memoryMib);
        spec.put("nic-count", 0);
        spec.put("spindle-use", 1);
        return spec;
    }
}
