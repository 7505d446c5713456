package io.kelpie.controller.lifecycle;

import io.kelpie.controller.model.VmState;
import java.util.List;

/** What the table says of an event in a state. */
public sealed interface Transition {
    /** The VM goes to {@code to} and the effects are carried out in order. */
    record Taken(VmState to, List<VmEffect> effects) implements Transition {
        public Taken {
            effects = List.copyOf(effects);
        }
    }

    /** The event arrives late or repeats what was done; nothing changes, and a request is answered OK. */
    record Ignored() implements Transition {}

    /** The event cannot happen in this state; it is a defect, or a request that does not apply. */
    record Illegal() implements Transition {}
}
