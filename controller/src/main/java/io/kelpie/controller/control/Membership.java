package io.kelpie.controller.control;

import io.kelpie.controller.leadership.ControllerSetView;
import io.kelpie.controller.model.Controller;
import java.util.List;

/**
 * What a leader knows of the controllers beside the committed record.
 *
 * @param view the set with its acknowledgements, as it is read from the store
 * @param reach which members answer
 */
public record Membership(ControllerSetView view, ControllerReach reach) {
    /** This controller's id. */
    String ownId() {
        return view.self().id();
    }

    /** Addresses of controllers as this one's configuration has them. */
    List<String> configured() {
        return view.self().founding().stream().map(Controller::address).toList();
    }
}
