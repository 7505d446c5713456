package io.kelpie.controller.scheduling.preempt;

import io.kelpie.controller.scheduling.engine.Instances;
import io.kelpie.controller.scheduling.engine.Inventory;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The {@link Profile} of each host, made anew when its instances have changed. Belongs to the inventory's thread. */
final class Profiles {
    private final Instances instances;
    private final Importance importance;
    private @Nullable Profile[] profiles = new Profile[0];

    Profiles(Inventory inventory) {
        instances = inventory.instances();
        importance = new Importance(inventory);
    }

    Profile of(int host) {
        if (host >= profiles.length) {
            profiles = Arrays.copyOf(profiles, Math.max(16, host * 2));
        }
        Profile known = profiles[host];
        if (known == null || known.changes() != instances.changes(host)) {
            known = new Profile(instances, host, importance);
            profiles[host] = known;
        }
        return known;
    }
}
