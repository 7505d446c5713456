package io.kelpie.controller.scheduling.whatif;

import static java.util.Objects.requireNonNull;

import io.kelpie.controller.model.PageSize;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.InstanceView;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.HostTable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

/**
 * The loss of hosts: they are gone with all their VMs, and those that are restarted elsewhere look for a place.
 *
 * @param domains what is lost, in the order of the loss
 * @param hosts how many hosts that is
 * @param restarted VMs that found another place
 * @param stranded VMs that found none, in the order in which they looked
 * @param gone VMs that are not restarted elsewhere
 */
public record Loss(List<String> domains, int hosts, int restarted, List<UUID> stranded, int gone) {
    public Loss {
        domains = List.copyOf(domains);
        stranded = List.copyOf(stranded);
    }

    /** What a VM asks for when its host is lost. */
    @FunctionalInterface
    public interface Restarts {
        /** Empty if it is not restarted elsewhere. */
        Optional<PlacementRequest> request(InstanceView vm);
    }

    /**
     * Takes the domains with the most memory away from a trial, of equal ones the first by name. The important VMs look
     * for a place first. The trial is afterwards as the cluster would be.
     *
     * @param count domains that are lost, from 0; all, if there are fewer
     * @param byLabel the label whose values are domains; empty: each host is one. Hosts without the label are in none
     */
    public static Loss of(Trial trial, int count, Optional<String> byLabel, Restarts restarts) {
        List<Domain> lost = domains(trial, byLabel).stream()
                .sorted(Comparator.comparingLong(Domain::memoryMib).reversed().thenComparing(Domain::name))
                .limit(count)
                .toList();
        List<InstanceView> looking = new ArrayList<>();
        int gone = 0;
        int hosts = 0;
        Map<UUID, PlacementRequest> requests = new HashMap<>();
        for (Domain domain : lost) {
            for (String host : domain.hosts()) {
                hosts++;
                for (int position : trial.on(host)) {
                    if (!trial.isThere(position)) {
                        continue;
                    }
                    InstanceView vm = trial.view(position);
                    trial.release(position);
                    Optional<PlacementRequest> request = restarts.request(vm);
                    if (request.isPresent()) {
                        looking.add(vm);
                        requests.put(vm.vmId(), request.get());
                    } else {
                        gone++;
                    }
                }
            }
        }
        lost.forEach(domain -> domain.hosts().forEach(trial.inventory()::remove));
        looking.sort(Comparator.comparingInt((InstanceView vm) -> -vm.priority())
                .thenComparing(InstanceView::job)
                .thenComparing(InstanceView::ordinal)
                .thenComparing(InstanceView::vmId));
        List<UUID> stranded = new ArrayList<>();
        for (InstanceView vm : looking) {
            Ask ask = trial.inventory().ask(requireNonNull(requests.get(vm.vmId())));
            int best = trial.search().best(ask);
            if (best == HostTable.UNKNOWN) {
                stranded.add(vm.vmId());
            } else {
                trial.inventory().place(ask, best);
            }
        }
        return new Loss(
                lost.stream().map(Domain::name).toList(), hosts, looking.size() - stranded.size(), stranded, gone);
    }

    /** A domain with the ids of its hosts. */
    private record Domain(String name, long memoryMib, List<String> hosts) {}

    private static List<Domain> domains(Trial trial, Optional<String> byLabel) {
        HostTable table = trial.inventory().hosts();
        SortedMap<String, Long> memoryMib = new TreeMap<>();
        Map<String, List<String>> hosts = new HashMap<>();
        for (int host = 0; host < table.limit(); host++) {
            if (!table.exists(host)) {
                continue;
            }
            HostView view = table.view(host);
            String name =
                    byLabel.isEmpty() ? view.name() : view.traits().labels().get(byLabel.get());
            if (name != null) {
                memoryMib.merge(name, memoryMib(view), Math::addExact);
                hosts.computeIfAbsent(name, any -> new ArrayList<>()).add(view.id());
            }
        }
        List<Domain> domains = new ArrayList<>();
        memoryMib.forEach((name, mib) -> domains.add(new Domain(name, mib, hosts.getOrDefault(name, List.of()))));
        return domains;
    }

    private static long memoryMib(HostView view) {
        long mib = view.size().memoryMib();
        for (PageSize page : PageSize.values()) {
            mib += view.size().hugepagesMib().getOrDefault(page, 0L);
        }
        return mib;
    }
}
