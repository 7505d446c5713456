package io.kelpie.controller.control;

import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.model.PlacementRules;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.InstanceView;
import io.kelpie.controller.scheduling.preempt.Nomination;
import io.kelpie.controller.scheduling.queue.HostChange;
import io.kelpie.controller.scheduling.queue.PendingQueue;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What has become of hosts and instances, as far as it can help VMs that wait. Belongs to the control thread. */
final class InventoryChanges {
    private record Joined(JobKey job, String hostId) {}

    private record Left(JobKey job, PlacementRules rules, String hostId) {}

    private final Set<String> hosts = new LinkedHashSet<>();
    private final Set<String> heard = new LinkedHashSet<>();
    private final Set<Joined> joined = new LinkedHashSet<>();
    private final Set<Left> left = new LinkedHashSet<>();
    private final List<Nomination> dropped = new ArrayList<>();
    private boolean relabelled;

    /** @param former {@code null} if the host is new */
    void changed(@Nullable HostView former, HostView now) {
        if (former == null || HostChange.mayHelp(former, now)) {
            hosts.add(now.id());
        }
        relabelled |=
                former != null && !former.traits().labels().equals(now.traits().labels());
        if (former == null || former.traits().ready() != now.traits().ready()) {
            heard.add(now.id());
        }
    }

    /** A VM came to a host. */
    void joined(InstanceView instance) {
        joined.add(new Joined(instance.job(), instance.hostId()));
    }

    /** A VM is gone from its host. */
    void left(InstanceView instance) {
        left.add(new Left(instance.job(), instance.rules(), instance.hostId()));
    }

    /** Places that were kept on a host that is gone. */
    void dropped(List<Nomination> nominations) {
        dropped.addAll(nominations);
    }

    /** VMs whose kept places are lost. */
    List<Nomination> dropped() {
        return List.copyOf(dropped);
    }

    /** Hosts that are heard and were not, or the other way round. */
    Set<String> heard() {
        return heard;
    }

    /** Tells all of it. */
    void tell(PendingQueue queue) {
        hosts.forEach(queue::hostChanged);
        left.forEach(one -> queue.left(one.job(), one.rules(), one.hostId()));
        joined.forEach(one -> queue.joined(one.job(), one.hostId()));
        if (relabelled) {
            queue.domainsChanged();
        }
    }
}
