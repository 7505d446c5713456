package io.kelpie.controller.scheduling.engine;

import io.kelpie.controller.scheduling.HostTraits;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Classes of hosts that no request can tell apart by their traits. Of the labels only those count that a request has
 * looked at: a label that is different on every host would else make a class of each. Belongs to one thread.
 */
final class TraitClasses {
    private final Set<String> labelsInUse = new HashSet<>();
    private final Map<HostTraits, Integer> classes = new HashMap<>();

    /**
     * From now on the label tells hosts apart.
     *
     * @return whether it did not before: then all classes are void, and every host is to be classified anew
     */
    boolean use(String label) {
        if (!labelsInUse.add(label)) {
            return false;
        }
        classes.clear();
        return true;
    }

    /** Classes that there are, or were; their numbers are below. */
    int count() {
        return classes.size();
    }

    /** The class of a host with these traits. */
    int of(HostTraits traits) {
        return classes.computeIfAbsent(reduced(traits), any -> classes.size());
    }

    private HostTraits reduced(HostTraits traits) {
        SortedMap<String, String> labels = new TreeMap<>(traits.labels());
        labels.keySet().retainAll(labelsInUse);
        return new HostTraits(
                labels,
                traits.ready(),
                traits.cordoned(),
                traits.draining(),
                traits.taints(),
                traits.kvmVerified(),
                traits.pagingMode(),
                traits.cpuModels(),
                traits.drivers());
    }
}
