package io.kelpie.controller.model;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An operator's change of the controller set: the present set and the command give the next set or a refusal. One
 * addition or move at a time, so that a host which knows the set before, or this one, has asked everyone who can lead
 * when it has asked all its members.
 */
public sealed interface ControllerSetChange {
    /** Most members that a set has: every host asks each of them while its leader cannot grant. */
    int MAX_MEMBERS = 15;

    /** The set becomes this one. */
    record Next(ControllerSet set) implements ControllerSetChange {}

    /** The set is so already. */
    record Unchanged() implements ControllerSetChange {}

    /**
     * The set stays as it is.
     *
     * @param why for people
     * @param fix completes the sentence "Fix: ..."
     */
    record Refused(String why, String fix) implements ControllerSetChange {}

    /**
     * Adds a controller, or changes the address of one.
     *
     * @param acknowledged version that each member has acknowledged
     * @param leader id of the controller that leads
     */
    static ControllerSetChange add(
            ControllerSet present, Map<String, Long> acknowledged, String id, String address, String leader) {
        Optional<Controller> member = present.member(id);
        if (member.isPresent() && member.get().address().equals(address)) {
            return new Unchanged();
        }
        Optional<Controller> namesake = present.members().stream()
                .filter(other -> other.address().equals(address))
                .findFirst();
        if (namesake.isPresent()) {
            return new Refused(
                    address + " is the address of controller " + namesake.get().id(),
                    "give controller " + id + " an address of its own");
        }
        if (!present.awaited().isEmpty()) {
            return pending(present, acknowledged);
        }
        if (member.isPresent() && present.members().size() == 1) {
            return new Refused(
                    id + " is the only controller, and takes its address from its configuration",
                    "change its advertiseAddress there and start it again");
        }
        if (member.isPresent() && id.equals(leader)) {
            return new Refused(
                    "controller " + id + " leads", "stop its process, so that another leads, then repeat the command");
        }
        if (member.isEmpty() && present.members().size() >= MAX_MEMBERS) {
            return new Refused(
                    "the set has " + MAX_MEMBERS + " members, the most that it may have", "remove another first");
        }
        return new Next(present.with(new Controller(id, address, false, present.version() + 1)));
    }

    /**
     * Removes a controller. Allowed while a change waits for acknowledgements: it is the way out if one never comes.
     *
     * @param confirmedDead the operator's word that its process does not run
     * @param leader id of the controller that leads
     * @param leasedInstances how many instances run that need a lease
     */
    static ControllerSetChange remove(
            ControllerSet present,
            Map<String, Long> acknowledged,
            String id,
            boolean confirmedDead,
            String leader,
            int leasedInstances) {
        if (present.member(id).isEmpty()) {
            return new Refused(
                    "no member of the set is called " + id + " (its members: " + present.names() + ")",
                    "see: kelpie cluster controllers");
        }
        if (present.members().size() == 1) {
            return new Refused(
                    id + " is the only controller",
                    "add the one that shall follow it first: kelpie cluster controllers add ID ADDRESS");
        }
        boolean leads = id.equals(leader);
        if (leads && !present.awaited().isEmpty()) {
            return pending(present, acknowledged);
        }
        if (!leads && !confirmedDead) {
            return new Refused(
                    "controller " + id + " may still run",
                    "stop its process, make sure that it is dead, then repeat the command with --confirm-dead");
        }
        if (present.members().size() == 2 && leasedInstances > 0) {
            return new Refused(
                    "one controller would be left, which carries no leases, and " + leasedInstances
                            + (leasedInstances == 1 ? " instance is" : " instances are") + " leased",
                    "add another controller first (kelpie cluster controllers add ID ADDRESS), or give their jobs"
                            + " onHostFailure: leave and restart them");
        }
        ControllerSet next = present.without(id);
        boolean nobodyElse = next.members().stream().noneMatch(Controller::mayLead);
        return nobodyElse ? pending(present, acknowledged) : new Next(next);
    }

    private static Refused pending(ControllerSet present, Map<String, Long> acknowledged) {
        List<String> missing = present.missing(acknowledged);
        String who = missing.isEmpty() ? "the leader" : String.join(", ", missing);
        return new Refused(
                "version " + present.version() + " of the set is not settled: it waits for " + who,
                missing.isEmpty()
                        ? "repeat the command in a few seconds"
                        : "start " + who + ", or if it is dead for good: kelpie cluster controllers remove "
                                + missing.get(0) + " --confirm-dead");
    }
}
