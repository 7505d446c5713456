package io.kelpie.controller.scheduling.queue;

import io.kelpie.controller.model.NumaNode;
import io.kelpie.controller.scheduling.HostSize;
import io.kelpie.controller.scheduling.HostView;
import java.util.List;
import java.util.Map;

/** Whether a change of a host can help a VM that found no place. Pure. */
public final class HostChange {
    private HostChange() {}

    /**
     * False only if the host is as it was but for holding more, starting more or another choice of images: whom it did
     * not take before it does not take now.
     */
    public static boolean mayHelp(HostView former, HostView now) {
        return !former.traits().equals(now.traits())
                || !former.size().equals(now.size())
                || former.startsInFlight() > now.startsInFlight()
                || isLess(former.held(), now.held());
    }

    /** Whether anything is less than it was. */
    private static boolean isLess(HostSize former, HostSize now) {
        return former.cpus() > now.cpus()
                || former.memoryMib() > now.memoryMib()
                || anyIsLess(former.hugepagesMib(), now.hugepagesMib())
                || anyIsLess(former.poolMib(), now.poolMib())
                || anyIsLess(former.devices(), now.devices())
                || anyNodeIsLess(former.numaNodes(), now.numaNodes());
    }

    private static <K, N extends Number> boolean anyIsLess(Map<K, N> former, Map<K, N> now) {
        for (Map.Entry<K, N> entry : former.entrySet()) {
            N amount = now.get(entry.getKey());
            if (entry.getValue().longValue() > (amount == null ? 0 : amount.longValue())) {
                return true;
            }
        }
        return false;
    }

    private static boolean anyNodeIsLess(List<NumaNode> former, List<NumaNode> now) {
        if (former.size() != now.size()) {
            return true;
        }
        for (int i = 0; i < former.size(); i++) {
            NumaNode one = former.get(i);
            NumaNode other = now.get(i);
            if (one.cpus() > other.cpus()
                    || one.memoryMib() > other.memoryMib()
                    || anyIsLess(one.hugepagesMib(), other.hugepagesMib())) {
                return true;
            }
        }
        return false;
    }
}
