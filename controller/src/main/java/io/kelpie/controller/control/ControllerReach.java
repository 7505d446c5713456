package io.kelpie.controller.control;

import java.util.Map;

/** Which members of the controller set answer. Thread-safe; does not block. */
@FunctionalInterface
public interface ControllerReach {
    /** Everyone answers. */
    ControllerReach ALL = Map::of;

    /** Members that did not answer when they were asked last, by id, and why, as a part of a sentence. */
    Map<String, String> unreachable();
}
