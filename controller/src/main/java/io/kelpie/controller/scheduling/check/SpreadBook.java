package io.kelpie.controller.scheduling.check;

import io.kelpie.controller.model.PlacementRules;
import io.kelpie.controller.model.SpreadRule;
import io.kelpie.controller.model.VmShape;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.PlacementRequest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiPredicate;

/**
 * The rule of spread: no domain with a host that would do has so few VMs of the job that {@code maxSkew} is exceeded.
 * With several rules each counts what those before it have left. Only domains with too few VMs are looked into, and a
 * host there that has no room once is not looked at again for requests of its kind, as hosts only fill up while a plan
 * is replayed: so the cost stays near to that of the decisions. Belongs to one thread.
 */
public final class SpreadBook {
    /** Requests for which the same hosts have no room. */
    private record Kind(
            VmShape shape, PlacementRules rules, Optional<String> boundToHost, Set<String> avoidedHosts, String by) {}

    private final List<HostView> hosts;
    private final Neighbours neighbours;
    private final BiPredicate<PlacementRequest, HostView> room;
    private final Map<String, Map<String, List<HostView>>> byDomain = new HashMap<>();
    private final Map<Kind, Map<String, List<HostView>>> open = new HashMap<>();

    /**
     * @param room whether a host passes the rules that depend on it alone and has room; once false always false
     */
    public SpreadBook(List<HostView> hosts, Neighbours neighbours, BiPredicate<PlacementRequest, HostView> room) {
        this.hosts = hosts;
        this.neighbours = neighbours;
        this.room = room;
    }

    /** What is wrong with the VM on the host, a sentence each. */
    public List<String> faults(PlacementRequest request, HostView host) {
        return new Case(request, host).faults();
    }

    private Map<String, List<HostView>> byDomain(String by) {
        return byDomain.computeIfAbsent(by, any -> {
            Map<String, List<HostView>> domains = new LinkedHashMap<>();
            for (HostView host : hosts) {
                JobBook.domain(host, by)
                        .ifPresent(domain -> domains.computeIfAbsent(domain, d -> new ArrayList<>())
                                .add(host));
            }
            return domains;
        });
    }

    /** The hosts that may have room, by domain; who finds out that one has none takes it out. */
    private Map<String, List<HostView>> open(PlacementRequest request, String by) {
        Kind kind = new Kind(request.shape(), request.rules(), request.boundToHost(), request.avoidedHosts(), by);
        return open.computeIfAbsent(kind, any -> {
            Map<String, List<HostView>> copy = new LinkedHashMap<>();
            byDomain(by).forEach((domain, there) -> copy.put(domain, new ArrayList<>(there)));
            return copy;
        });
    }

    /** One request and the host that was chosen for it. */
    private final class Case {
        private final PlacementRequest request;
        private final HostView chosen;
        private final List<SpreadRule> rules;
        private final int[] floors; // -1: not known yet

        Case(PlacementRequest request, HostView chosen) {
            this.request = request;
            this.chosen = chosen;
            rules = request.rules().spread();
            floors = new int[rules.size()];
            Arrays.fill(floors, -1);
        }

        List<String> faults() {
            List<String> faults = new ArrayList<>();
            for (SpreadRule rule : rules) {
                if (JobBook.domain(chosen, rule.by()).isEmpty()) {
                    faults.add(Neighbours.lacksLabel(chosen, rule.by()));
                }
            }
            for (int i = 0; faults.isEmpty() && i < rules.size(); i++) {
                int rule = i;
                int there = count(chosen, i);
                lowest(i, there - rules.get(i).maxSkew())
                        .ifPresent(better -> faults.add("is placed on "
                                + Neighbours.where(chosen, rules.get(rule).by()) + " has " + there
                                + " VMs of its job, while " + better.name() + " would do where there are "
                                + count(better, rule) + " and maxSkew is "
                                + rules.get(rule).maxSkew()));
            }
            return faults;
        }

        private int count(HostView host, int rule) {
            String by = rules.get(rule).by();
            return neighbours
                    .counts(request.job(), by)
                    .getOrDefault(JobBook.domain(host, by).orElseThrow(), 0);
        }

        /** A host that would do, in a domain of the fewest VMs, if that is not more than {@code most}. */
        private Optional<HostView> lowest(int rule, int most) {
            if (most < 0) {
                return Optional.empty();
            }
            String by = rules.get(rule).by();
            Map<String, Integer> counts = neighbours.counts(request.job(), by);
            List<String> lower = new ArrayList<>();
            if (byDomain(by).size() > counts.size() || counts.values().stream().anyMatch(count -> count <= most)) {
                for (String domain : open(request, by).keySet()) {
                    if (counts.getOrDefault(domain, 0) <= most) {
                        lower.add(domain);
                    }
                }
            }
            lower.sort(Comparator.comparing(domain -> counts.getOrDefault(domain, 0)));
            for (String domain : lower) {
                Optional<HostView> host = anyThatWouldDo(open(request, by), domain, rule);
                if (host.isPresent()) {
                    return host;
                }
            }
            return Optional.empty();
        }

        private Optional<HostView> anyThatWouldDo(Map<String, List<HostView>> openHosts, String domain, int rule) {
            List<HostView> there = openHosts.getOrDefault(domain, List.of());
            for (Iterator<HostView> each = there.iterator(); each.hasNext(); ) {
                HostView host = each.next();
                if (!hasLabels(host) || !room.test(request, host)) {
                    each.remove();
                } else if (neighbours.faults(request, host).isEmpty() && passesEarlier(host, rule)) {
                    return Optional.of(host);
                }
            }
            if (there.isEmpty()) {
                openHosts.remove(domain);
            }
            return Optional.empty();
        }

        private boolean hasLabels(HostView host) {
            return rules.stream()
                    .allMatch(rule -> JobBook.domain(host, rule.by()).isPresent());
        }

        private boolean passesEarlier(HostView host, int rule) {
            for (int i = 0; i < rule; i++) {
                if (count(host, i) - floor(i) >= rules.get(i).maxSkew()) {
                    return false;
                }
            }
            return true;
        }

        /** The fewest VMs in a domain with a host that would do; the chosen one is such a host. */
        private int floor(int rule) {
            if (floors[rule] < 0) {
                int there = count(chosen, rule);
                floors[rule] = lowest(rule, there - 1)
                        .map(better -> count(better, rule))
                        .orElse(there);
            }
            return floors[rule];
        }
    }
}
