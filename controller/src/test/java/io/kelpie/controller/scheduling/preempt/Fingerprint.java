package io.kelpie.controller.scheduling.preempt;

import io.kelpie.controller.model.PageSize;
import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.Census;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.engine.Instances;
import io.kelpie.controller.scheduling.engine.Inventory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** All that an inventory tells about its hosts and instances, as text: equal texts, equal state. */
final class Fingerprint {
    private final HostTable hosts;
    private final Instances instances;

    private Fingerprint(Inventory inventory) {
        hosts = inventory.hosts();
        instances = inventory.instances();
    }

    static String of(Cluster.Engine engine) {
        return new Fingerprint(engine.inventory).text();
    }

    private String text() {
        List<String> lines = new ArrayList<>();
        for (int host = 0; host < hosts.limit(); host++) {
            if (hosts.exists(host)) {
                lines.add(room(host) + there(host));
            }
        }
        Collections.sort(lines);
        return String.join("\n", lines);
    }

    private String room(int host) {
        StringBuilder line = new StringBuilder(hosts.view(host).id());
        line.append(' ').append(hosts.freeVcpus(host)).append(' ').append(hosts.freeMemoryMib(host));
        for (PageSize page : PageSize.values()) {
            line.append(' ').append(hosts.freeHugepagesMib(host, page));
        }
        line.append(" pool ").append(hosts.freePoolMib(host, hosts.poolIndex("default")));
        line.append(" gpu ").append(hosts.freeDevices(host, hosts.deviceIndex("gpu")));
        line.append(" starting ").append(hosts.startsInFlight(host));
        for (int node = 0; node < hosts.numaNodes(host); node++) {
            line.append(" numa ").append(hosts.numaFreeVcpus(host, node));
            line.append('/').append(hosts.numaFreeMemoryMib(host, node));
        }
        return line.toString();
    }

    private String there(int host) {
        List<String> all = new ArrayList<>();
        for (int i = instances.first(host); i != Instances.NONE; i = instances.next(i)) {
            Ask ask = instances.ask(i);
            StringBuilder one = new StringBuilder("\n  " + ask.terms().members().key() + " " + ask.vmId() + " #" + i);
            one.append(instances.isClaim(i) ? " claim" : "").append(instances.isLeaving(i) ? " leaving" : "");
            one.append(" endable ").append(ask.terms().members().endable());
            ask.terms().spread().forEach(rule -> one.append(counts(" spread ", rule.census())));
            ask.terms().antiAffinity().forEach(rule -> one.append(counts(" away ", rule.census())));
            ask.terms().partitions().forEach(rule -> one.append(others(rule.census())));
            ask.repelledBy().forEach(census -> one.append(counts(" repelled ", census)));
            all.add(one.toString());
        }
        Collections.sort(all);
        return String.join("", all);
    }

    /** VMs that are not of the first partition. */
    private String others(Census census) {
        StringBuilder counts = new StringBuilder(" others ");
        for (int host = 0; host < hosts.limit(); host++) {
            if (hosts.exists(host) && census.domainOf(host) >= 0) {
                counts.append(census.countOfOthers(census.domainOf(host), 0)).append(' ');
            }
        }
        return counts.toString();
    }

    /** Empty if nothing is counted. */
    private String counts(String what, Census census) {
        List<String> counts = new ArrayList<>();
        for (int host = 0; host < hosts.limit(); host++) {
            int domain = hosts.exists(host) ? census.domainOf(host) : -1;
            if (domain >= 0 && census.count(domain) > 0) {
                counts.add(hosts.view(host).id() + ":" + census.count(domain));
            }
        }
        Collections.sort(counts);
        return counts.isEmpty() ? "" : what + counts;
    }
}
