package io.kelpie.controller.model;

import io.kelpie.common.lease.LeaseProfile;
import java.util.List;

/**
 * Who a controller is by its configuration.
 *
 * @param id its id
 * @param address where it is reached, host:port
 * @param founding members of the first set of a new cluster, itself among them; without meaning once there is a set
 * @param leaseTimes of a new cluster; in one that has others it does not lead
 * @param holder tells it from another controller of the same id: the id of its data folder, which only one process uses
 */
public record ControllerIdentity(
        String id, String address, List<Controller> founding, LeaseProfile leaseTimes, String holder) {
    public ControllerIdentity {
        founding = List.copyOf(founding);
        if (founding.stream().noneMatch(member -> member.is(id, address))) {
            throw new IllegalArgumentException(id + "=" + address + " is not among " + founding);
        }
    }

    /** As its configuration alone says it: nothing tells it from another of the same id. */
    public ControllerIdentity(String id, String address, List<Controller> founding) {
        this(id, address, founding, LeaseProfile.STANDARD, id);
    }

    /** The same, at home in a data folder. */
    public ControllerIdentity heldBy(String folderId) {
        return new ControllerIdentity(id, address, founding, leaseTimes, folderId);
    }

    /** The same, with other lease times for a new cluster. */
    public ControllerIdentity with(LeaseProfile times) {
        return new ControllerIdentity(id, address, founding, times, holder);
    }

    /** The only controller of its cluster. */
    public static ControllerIdentity alone(String id, String address) {
        return new ControllerIdentity(id, address, List.of(new Controller(id, address, true)));
    }
}
