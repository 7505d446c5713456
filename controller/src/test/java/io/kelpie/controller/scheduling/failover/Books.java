package io.kelpie.controller.scheduling.failover;

import io.kelpie.controller.scheduling.engine.HostTable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Adds up from scratch what each host has to keep, and compares that with the books. */
final class Books {
    private Books() {}

    static List<String> check(Cluster cluster) {
        List<String> wrong = new ArrayList<>();
        HostTable hosts = cluster.inventory().hosts();
        Loads loads = cluster.backups().loads();
        int without = 0;
        Map<String, Map<String, Amounts>> byBackup = new HashMap<>();
        for (Placed vm : cluster.placed()) {
            String backup = cluster.backupNow(vm).orElse("");
            if (!backup.isEmpty()) {
                byBackup.computeIfAbsent(backup, any -> new HashMap<>())
                        .computeIfAbsent(vm.host(), any -> new Amounts())
                        .add(Amounts.of(vm.size(), cluster.backups().numaMask(vm.instance())), 1);
            } else if (vm.request().restartable()) {
                without++;
            }
        }
        if (without != cluster.backups().unprotected()) {
            wrong.add(without + " VMs are without backup, told are "
                    + cluster.backups().unprotected());
        }
        cluster.hosts().forEach((name, host) -> {
            int index = hosts.hostIndex(name);
            Map<String, Amounts> ofLost = byBackup.getOrDefault(name, Map.of());
            compare(wrong, name + " keeps vCPUs", most(ofLost, "vcpus"), loads.kept(index, Dimensions.VCPUS));
            compare(wrong, name + " keeps MiB", most(ofLost, "memory"), loads.kept(index, Dimensions.MEMORY));
            for (int node = 0; node < host.size().numaNodes().size(); node++) {
                int dimension = cluster.backups().dimensions().numa(node, Dimensions.MEMORY);
                compare(
                        wrong,
                        name + " keeps MiB of NUMA node " + node,
                        most(ofLost, "memory of " + node),
                        loads.kept(index, dimension));
            }
            Amounts left = Amounts.of(host.size());
            left.add(cluster.held(name), -1);
            compare(wrong, name + " free MiB", left.get("memory"), hosts.freeMemoryMib(index));
            compare(wrong, name + " room MiB", left.get("memory") - most(ofLost, "memory"), hosts.roomMemoryMib(index));
            compare(wrong, name + " room vCPUs", left.get("vcpus") - most(ofLost, "vcpus"), hosts.roomVcpus(index));
        });
        return wrong;
    }

    private static long most(Map<String, Amounts> ofLost, String what) {
        return ofLost.values().stream()
                .mapToLong(amounts -> amounts.get(what))
                .max()
                .orElse(0);
    }

    private static void compare(List<String> wrong, String what, long expected, long told) {
        if (expected != told) {
            wrong.add(what + ": " + expected + ", told " + told);
        }
    }
}
