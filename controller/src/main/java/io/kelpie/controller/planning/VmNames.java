package io.kelpie.controller.planning;

import io.kelpie.controller.scheduling.ClusterSnapshot;
import io.kelpie.controller.scheduling.InstanceView;
import io.kelpie.proto.v1.VmName;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** Names of some VMs of a snapshot. Immutable. */
final class VmNames {
    private final Map<UUID, VmName> byId = new HashMap<>();

    private VmNames() {}

    static VmNames of(ClusterSnapshot snapshot, Set<UUID> wanted) {
        VmNames names = new VmNames();
        if (!wanted.isEmpty()) {
            for (InstanceView instance : snapshot.instances()) {
                if (wanted.contains(instance.vmId())) {
                    names.byId.put(
                            instance.vmId(),
                            VmName.newBuilder()
                                    .setNamespace(instance.job().namespace())
                                    .setName(instance.job().name() + "-" + instance.ordinal())
                                    .build());
                }
            }
        }
        return names;
    }

    Optional<VmName> of(UUID vmId) {
        return Optional.ofNullable(byId.get(vmId));
    }
}
