package io.kelpie.controller.scheduling.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.model.PageSize;
import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.InstanceView;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.RandomCluster;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.TestHost;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** An inventory answers like one that is made anew from the same hosts and instances; a failure names the seed. */
class InventoryHistoryTest {
    private static final int HOSTS = 12;

    @Test
    void whateverHappenedBeforeTheAnswersAreThoseOfAFreshOne() {
        int placed = 0;
        for (long seed = 0; seed < 150; seed++) {
            RandomCluster random = new RandomCluster(seed);
            History history = new History(random, random.policy(), seed);
            for (int step = 0; step < 60; step++) {
                history.step();
                if (step % 6 == 5) {
                    history.compareWithFresh("seed " + seed + ", step " + step);
                }
            }
            placed += history.placed;
        }
        assertThat(placed).isGreaterThan(1_000);
    }

    /** An instance as it was placed or counted. */
    private record Live(InstanceView view, int number, boolean counted, boolean holdsPools, boolean starting) {}

    /** What happened, in plain records beside the inventory. */
    private static final class History {
        private final RandomCluster random;
        private final SchedulingPolicy policy;
        private final long seed;
        private final Inventory inventory;
        private final Search search;
        private final Map<String, HostView> bare = new TreeMap<>(); // hosts without what the instances hold
        private final List<Live> live = new ArrayList<>();
        private int hostNumber;
        private int placed;

        History(RandomCluster random, SchedulingPolicy policy, long seed) {
            this.random = random;
            this.policy = policy;
            this.seed = seed;
            inventory = new Inventory(policy, seed, Reservation::of);
            search = new Search(inventory);
            while (hostNumber < HOSTS) {
                put(random.host("h" + hostNumber++));
            }
        }

        void step() {
            switch (random.below(8)) {
                case 0 -> changeHost();
                case 1 -> put(random.host("h" + hostNumber++));
                case 2 -> removeEmptyHost();
                case 3 -> release();
                case 4 -> start();
                case 5 -> count();
                default -> place();
            }
        }

        private void put(HostView host) {
            bare.put(host.id(), host);
            inventory.put(withInstances(host));
        }

        /** It comes back with the same name: other labels, another size, cordoned or not. */
        private void changeHost() {
            HostView before = any();
            put(random.host(before.name()));
        }

        private void removeEmptyHost() {
            TreeSet<String> empty = new TreeSet<>(bare.keySet());
            live.forEach(each -> empty.remove(each.view().hostId()));
            if (empty.size() > 1) {
                bare.remove(empty.first());
                inventory.remove(empty.first());
            }
        }

        private void place() {
            PlacementRequest request = random.request(hostNumber);
            Ask ask = inventory.ask(request);
            int host = search.best(ask);
            if (host == HostTable.UNKNOWN) {
                return;
            }
            String hostId = inventory.hosts().view(host).id();
            int number = inventory.place(ask, host);
            placed++;
            live.add(new Live(
                    InstanceView.of(request, hostId, inventory.numaNodes(number), 0),
                    number,
                    false,
                    !request.boundToHost().equals(java.util.Optional.of(hostId)),
                    true));
        }

        /** An instance comes with its host's view, wherever chance puts it, and one such goes. */
        private void count() {
            for (int i = 0; i < live.size(); i++) {
                if (live.get(i).counted()) {
                    Live gone = live.remove(i);
                    inventory.uncount(gone.number());
                    put(Objects.requireNonNull(bare.get(gone.view().hostId())));
                    break;
                }
            }
            HostView host = any();
            for (InstanceView view : random.populated(List.of(host), 1).instances()) {
                live.add(new Live(view, HostTable.UNKNOWN, true, true, false));
                put(host);
                live.set(live.size() - 1, new Live(view, inventory.count(view), true, true, false));
            }
        }

        private void release() {
            if (!live.isEmpty()) {
                Live gone = live.remove(random.below(live.size()));
                inventory.release(gone.number());
            }
        }

        private void start() {
            if (!live.isEmpty()) {
                int at = random.below(live.size());
                Live now = live.get(at);
                inventory.started(now.number());
                live.set(at, new Live(now.view(), now.number(), now.counted(), now.holdsPools(), false));
            }
        }

        private HostView any() {
            return new ArrayList<>(bare.values()).get(random.below(bare.size()));
        }

        private HostView withInstances(HostView host) {
            TestHost with = TestHost.like(host);
            int starting = host.startsInFlight();
            for (Live each : live) {
                if (each.view().hostId().equals(host.id())) {
                    Reservation held = each.view().held();
                    with.holding(held, each.holdsPools());
                    starting += each.starting() ? 1 : 0;
                }
            }
            return with.starting(starting).view();
        }

        void compareWithFresh(String when) {
            Inventory fresh = new Inventory(policy, seed, Reservation::of);
            random.shuffled(new ArrayList<>(bare.values())).forEach(host -> fresh.put(withInstances(host)));
            random.shuffled(live)
                    .forEach(each -> assertThat(fresh.count(each.view())).isNotEqualTo(HostTable.UNKNOWN));
            for (String id : bare.keySet()) {
                assertThat(amounts(inventory, id)).as("%s, %s", when, id).isEqualTo(amounts(fresh, id));
            }
            Search freshSearch = new Search(fresh);
            for (PlacementRequest request : random.requests(12, hostNumber)) {
                assertThat(answer(inventory, search, request))
                        .as("%s: %s", when, request)
                        .isEqualTo(answer(fresh, freshSearch, request));
            }
        }

        private static String answer(Inventory inventory, Search search, PlacementRequest request) {
            Ask ask = inventory.ask(request);
            int best = search.best(ask);
            return best == HostTable.UNKNOWN
                    ? "none"
                    : inventory.hosts().view(best).id() + " with " + search.points(best) + " points, NUMA nodes "
                            + NumaFit.choose(inventory.hosts(), best, ask.demand(), Reserve.NONE);
        }

        private static String amounts(Inventory inventory, String id) {
            HostTable hosts = inventory.hosts();
            int host = hosts.hostIndex(id);
            StringBuilder amounts = new StringBuilder();
            amounts.append(hosts.freeVcpus(host)).append(" vCPUs, ");
            amounts.append(hosts.freeMemoryMib(host)).append(" MiB, ");
            amounts.append(hosts.startsInFlight(host)).append(" starting");
            for (PageSize page : PageSize.values()) {
                amounts.append(", ")
                        .append(hosts.freeHugepagesMib(host, page))
                        .append(" in ")
                        .append(page);
            }
            for (String pool : List.of("default", "fast", "nowhere")) {
                int index = hosts.poolIndex(pool);
                amounts.append(", ")
                        .append(hosts.hasPool(host, index) ? hosts.freePoolMib(host, index) : "no")
                        .append(" in ")
                        .append(pool);
            }
            for (String kind : List.of("gpu", "nic", "fpga")) {
                amounts.append(", ")
                        .append(Math.max(0, hosts.freeDevices(host, hosts.deviceIndex(kind))))
                        .append(" ")
                        .append(kind);
            }
            for (int node = 0; node < hosts.numaNodes(host); node++) {
                amounts.append(", NUMA node ").append(node).append(": ");
                amounts.append(hosts.numaFreeVcpus(host, node)).append(" vCPUs, ");
                amounts.append(hosts.numaFreeMemoryMib(host, node)).append(" MiB");
                for (PageSize page : PageSize.values()) {
                    amounts.append(", ")
                            .append(hosts.numaFreeHugepagesMib(host, node, page))
                            .append(" in ")
                            .append(page);
                }
            }
            return amounts.toString();
        }
    }
}
