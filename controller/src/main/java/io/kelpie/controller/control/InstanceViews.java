package io.kelpie.controller.control;

import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.scheduling.InstanceView;
import io.kelpie.proto.v1.HostCapacity;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.NumaNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** Instances as placement sees them. */
final class InstanceViews {
    private InstanceViews() {}

    /**
     * What the instance holds is as it was placed; the rules, and how important it is, are its job's present ones.
     *
     * @param isShared whether more hosts than one see the pool
     * @param backup id of the host that keeps room for it
     */
    static InstanceView of(
            VmEntry vm, HostEntry host, JobEntry job, Predicate<String> isShared, Optional<String> backup) {
        JobSpec spec = job.specOf(vm);
        Reservation held = Records.reservation(vm.record().getReservation());
        return new InstanceView(
                vm.id(),
                host.id(),
                job.key(),
                vm.record().getOrdinal(),
                job.job().replicas(),
                job.job().priority(),
                Shapes.shape(spec),
                job.job().rules(),
                held.on(indexes(host.record().getCapacity(), held.numaNodes())),
                vm.record().getStateSinceMillis(),
                HostLoss.restarts(spec, vm.record(), isShared),
                backup);
    }

    /** Records name NUMA nodes by id, placement by their place in the host's list. */
    private static List<Integer> indexes(HostCapacity capacity, List<Integer> ids) {
        List<Integer> indexes = new ArrayList<>();
        for (int i = 0; i < capacity.getNumaNodesCount(); i++) {
            if (ids.contains(capacity.getNumaNodes(i).getId())) {
                indexes.add(i);
            }
        }
        return indexes;
    }

    /** Ids of a host's NUMA nodes that placement names by their place in the host's list. */
    static List<Integer> ids(HostEntry host, List<Integer> indexes) {
        List<NumaNode> nodes = host.record().getCapacity().getNumaNodesList();
        return indexes.stream().map(index -> nodes.get(index).getId()).toList();
    }
}
