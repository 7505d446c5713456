package io.kelpie.controller.model;

import java.util.List;

/**
 * Who a controller is by its configuration.
 *
 * @param id its id
 * @param address where it is reached, host:port
 * @param founding members of the first set of a new cluster, itself among them; without meaning once there is a set
 */
public record ControllerIdentity(String id, String address, List<Controller> founding) {
    public ControllerIdentity {
        founding = List.copyOf(founding);
        if (founding.stream().noneMatch(member -> member.is(id, address))) {
            throw new IllegalArgumentException(id + "=" + address + " is not among " + founding);
        }
    }

    /** The only controller of its cluster. */
    public static ControllerIdentity alone(String id, String address) {
        return new ControllerIdentity(id, address, List.of(new Controller(id, address, true)));
    }
}
