package io.kelpie.controller.scheduling;

import java.util.Set;

/**
 * A host as placement sees it.
 *
 * @param id the host's UUID
 * @param name for messages
 * @param traits what it is
 * @param size what it has
 * @param held what instances, kept disks and orphans hold of it
 * @param startsInFlight instances that were sent there and do not run yet
 * @param images digests of the images in its cache
 */
public record HostView(
        String id,
        String name,
        HostTraits traits,
        HostSize size,
        HostSize held,
        int startsInFlight,
        Set<String> images) {
    public HostView {
        images = Set.copyOf(images);
    }
}
