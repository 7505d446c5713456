package io.kelpie.it.simulation;

import io.kelpie.controller.model.Controller;
import io.kelpie.controller.store.memory.MemoryCluster.Term;

/** A term is begun by a member of the committed set that may lead, and by nobody else. */
final class OnlyMembersLead implements Checker {
    private final Violations violations;
    private long epoch;

    OnlyMembersLead(Violations violations) {
        this.violations = violations;
    }

    @Override
    public void stored(StoreView store) {
        if (store.epoch() == epoch
                || store.term().isEmpty()
                || store.controllers().isEmpty()) {
            return;
        }
        epoch = store.epoch();
        Term term = store.term().get();
        if (store.controllers()
                .get()
                .member(term.controllerId())
                .filter(Controller::mayLead)
                .isEmpty()) {
            violations.found(
                    this,
                    term.controllerId() + " leads in epoch " + epoch + ", and the set is "
                            + store.controllers().get());
        }
    }
}
