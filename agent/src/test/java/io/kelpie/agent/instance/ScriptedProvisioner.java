package io.kelpie.agent.instance;

import io.kelpie.agent.driver.InstanceId;
import io.kelpie.agent.driver.LaunchSpec;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Disks that exist in sets; the sets outlive agents. */
public final class ScriptedProvisioner implements Provisioner {
    final Set<UUID> kept = new HashSet<>();
    final Set<InstanceId> own = new HashSet<>();
    final List<String> progress = new ArrayList<>();

    @Nullable StartRejectedException rejection;

    @Nullable IOException removeFailure;

    private final InstanceFolders folders;

    public ScriptedProvisioner(InstanceFolders folders) {
        this.folders = folders;
    }

    @Override
    public Prepared prepare(StartOrder order, Watcher watcher) throws StartRejectedException {
        progress.forEach(watcher::progress);
        if (rejection != null) {
            throw rejection;
        }
        own.add(order.id());
        if (order.template().getRoot().getKeep()) {
            kept.add(order.id().vmId());
        }
        LaunchSpec spec = new LaunchSpec.Builder(
                        order.id(),
                        order.vmName(),
                        order.accelerator(),
                        folders.serialLog(order.id().vmId()),
                        folders.instance(order.id()),
                        folders.run(order.id()))
                .build();
        return new Prepared(spec, hasKeptDisks(order.id().vmId()));
    }

    @Override
    public boolean hasKeptDisks(UUID vmId) {
        return kept.contains(vmId);
    }

    @Override
    public void removeInstance(InstanceId id) throws IOException {
        if (removeFailure != null) {
            throw removeFailure;
        }
        own.remove(id);
    }

    @Override
    public void removeKeptDisks(UUID vmId) {
        kept.remove(vmId);
    }
}
