package io.kelpie.controller.scheduling.engine;

import io.kelpie.controller.model.LabelPreference;
import io.kelpie.controller.model.LabelRequirement;
import io.kelpie.controller.model.PlacementRules;
import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.model.Toleration;
import io.kelpie.controller.model.VmShape;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The classes of equal demands that were asked for lately. Belongs to one thread. */
final class Demands {
    private static final int KNOWN_MAX = 10_000;

    private final HostTable hosts;
    private final Function<VmShape, Reservation> sizing;
    private final Map<Demand.Key, Demand> known = new HashMap<>();
    private final Map<Wish, Demand> wished = new HashMap<>();

    /** What VMs that are to be placed have in common if they are of one demand. */
    private record Wish(
            VmShape shape, List<LabelRequirement> require, List<LabelPreference> prefer, List<Toleration> tolerations) {
        /** Of what is mostly different. */
        @Override
        public int hashCode() {
            int hash = shape.vcpus() * 31 + Long.hashCode(shape.guestMemoryMib());
            hash = hash * 31 + shape.numaNodes() * 7 + shape.devices().size();
            hash = hash * 31 + shape.images().hashCode() + (shape.hugepages().isPresent() ? 1 : 0);
            return (hash * 31 + require.hashCode()) * 31 + prefer.hashCode() * 31 + tolerations.hashCode();
        }

        /** As the record's own, with the amounts first: it is asked for each job. */
        @Override
        public boolean equals(@Nullable Object object) {
            return object instanceof Wish other
                    && isSame(shape, other.shape)
                    && require.equals(other.require)
                    && prefer.equals(other.prefer)
                    && tolerations.equals(other.tolerations);
        }

        private static boolean isSame(VmShape one, VmShape other) {
            return one == other
                    || (one.vcpus() == other.vcpus()
                            && one.guestMemoryMib() == other.guestMemoryMib()
                            && one.numaNodes() == other.numaNodes()
                            && one.keepsDisks() == other.keepsDisks()
                            && one.acceleration() == other.acceleration()
                            && one.paging() == other.paging()
                            && one.hugepages().equals(other.hugepages())
                            && one.cpuModel().equals(other.cpuModel())
                            && one.driver().equals(other.driver())
                            && one.images().equals(other.images())
                            && isSame(one.devices(), other.devices())
                            && isSame(one.poolMib(), other.poolMib()));
        }

        private static <T> boolean isSame(Map<String, T> one, Map<String, T> other) {
            return one.isEmpty() ? other.isEmpty() : one.equals(other);
        }
    }

    /**
     * @param sizing what a VM of a shape holds of its host
     */
    Demands(HostTable hosts, Function<VmShape, Reservation> sizing) {
        this.hosts = hosts;
        this.sizing = sizing;
    }

    /** Of a VM that is to be placed. */
    Demand of(VmShape shape, PlacementRules rules) {
        Wish wish = new Wish(shape, rules.require(), rules.prefer(), rules.tolerations());
        Demand demand = wished.get(wish);
        if (demand == null || demand.isStale(hosts)) {
            if (wished.size() >= KNOWN_MAX) {
                wished.clear();
            }
            demand = of(shape, sizing.apply(shape), rules);
            wished.put(wish, demand);
        }
        return demand;
    }

    /** Of a VM that holds this. */
    Demand of(VmShape shape, Reservation reservation, PlacementRules rules) {
        Demand.Key key = new Demand.Key(shape, reservation, rules.require(), rules.prefer(), rules.tolerations());
        Demand demand = known.get(key);
        if (demand == null || demand.isStale(hosts)) {
            if (known.size() >= KNOWN_MAX) {
                known.clear(); // those in use are made again when they are asked for
            }
            demand = new Demand(key, hosts);
            known.put(key, demand);
        }
        return demand;
    }
}
