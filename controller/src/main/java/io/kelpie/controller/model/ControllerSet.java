package io.kelpie.controller.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The committed set of controllers: whoever leads is one of its members that may lead, and no other ever was since the
 * version before was acknowledged. So a host that has asked all of them has asked everyone who can lead.
 *
 * @param version grows by one with every change of members or addresses
 * @param members in the order in which they were added
 * @param awaited ids of the members that have to acknowledge this version before those may lead who may not yet; empty
 *     if all may
 */
public record ControllerSet(long version, List<Controller> members, List<String> awaited) {
    public ControllerSet {
        members = List.copyOf(members);
        awaited = List.copyOf(awaited);
    }

    /** What a controller may do about a term, seen from the set. */
    public sealed interface Entry {
        /** It may begin one; the set stays as it is. */
        record Open() implements Entry {}

        /** It may begin one and writes this set with it. */
        record Writing(ControllerSet set) implements Entry {}

        /**
         * It must not.
         *
         * @param why for people, one sentence
         * @param fix completes the sentence "Fix: ..."
         */
        record Refused(String why, String fix) implements Entry {}
    }

    /**
     * Whether a controller may begin a term.
     *
     * @param present the committed set; empty: the cluster has none yet, and gets it with its first term
     */
    public static Entry entry(Optional<ControllerSet> present, ControllerIdentity self) {
        if (present.isEmpty()) {
            return new Entry.Writing(new ControllerSet(1, self.founding(), List.of()));
        }
        return present.get().entry(self);
    }

    /**
     * Whether a controller may begin a term, and is that controller.
     *
     * @param seat who the controller of its id is; empty: nobody yet
     */
    public static Entry entry(Optional<ControllerSet> present, ControllerIdentity self, Optional<Seat> seat) {
        Optional<Controller> member = present.filter(ControllerSet::bindsSeats).flatMap(set -> set.member(self.id()));
        if (member.isPresent() && seat.isPresent() && seat.get().isTakenFrom(self, member.get())) {
            return seat.get().refusal(self);
        }
        return entry(present, self);
    }

    /**
     * The seat that a controller takes with the write that begins its term: nobody may take it in between.
     *
     * @param entry what lets it begin
     * @param present the set before that write
     */
    public static Seat seatAtBegin(Entry entry, Optional<ControllerSet> present, ControllerIdentity self) {
        long version = entry instanceof Entry.Writing writing
                ? writing.set().version()
                : present.map(ControllerSet::version).orElse(1L);
        return new Seat(self.holder(), version);
    }

    /**
     * Whether a member must be the one that took its seat. A single controller need not: no host asks it for its lease, and
     * nobody is left who could give its id to another if its data folder is lost.
     */
    public boolean bindsSeats() {
        return members.size() > 1;
    }

    private Entry entry(ControllerIdentity self) {
        Optional<Controller> found = member(self.id());
        if (found.isEmpty()) {
            return new Entry.Refused(
                    "controller " + self.id() + " is no member of the set, version " + version + " (" + names() + ")",
                    "kelpie cluster controllers add " + self.id() + " " + self.address());
        }
        Controller member = found.get();
        if (!member.address().equals(self.address())) {
            if (members.size() == 1) {
                // Nothing is leased under one controller, so no host relies on where it was reached.
                Controller moved = new Controller(self.id(), self.address(), true, version + 1);
                return new Entry.Writing(new ControllerSet(version + 1, List.of(moved), List.of()));
            }
            return new Entry.Refused(
                    "the set, version " + version + ", has controller " + self.id() + " at " + member.address()
                            + ", this one is at " + self.address(),
                    "kelpie cluster controllers add " + self.id() + " " + self.address()
                            + ", or give it its former address again (advertiseAddress)");
        }
        if (!member.mayLead()) {
            return new Entry.Refused(
                    "controller " + self.id() + " may lead only when " + String.join(", ", awaited)
                            + " acknowledged version " + version + " of the set",
                    "start whoever does not run, or remove whoever is dead:"
                            + " kelpie cluster controllers remove ID --confirm-dead");
        }
        return new Entry.Open();
    }

    public Optional<Controller> member(String id) {
        return members.stream().filter(member -> member.id().equals(id)).findFirst();
    }

    /** Members that have not acknowledged this version although they have to. */
    public List<String> missing(Map<String, Long> acknowledged) {
        return awaited.stream()
                .filter(id -> acknowledged.getOrDefault(id, 0L) < version)
                .toList();
    }

    /** The same set after all have acknowledged it: every member may lead. */
    public ControllerSet settled() {
        return new ControllerSet(
                version,
                members.stream()
                        .map(member -> new Controller(member.id(), member.address(), true, member.since()))
                        .toList(),
                List.of());
    }

    /** Whether instances may be leased: a restart of one controller must lapse no lease. */
    public boolean carriesLeases() {
        return members.stream().filter(Controller::mayLead).count() >= 2;
    }

    /** The members' ids, for messages. */
    public String names() {
        return members.stream().map(Controller::id).collect(Collectors.joining(", "));
    }

    ControllerSet with(Controller added) {
        List<Controller> next = new ArrayList<>();
        boolean replaced = false;
        for (Controller member : members) {
            boolean same = member.id().equals(added.id());
            next.add(same ? added : member);
            replaced |= same;
        }
        if (!replaced) {
            next.add(added);
        }
        return next(next);
    }

    ControllerSet without(String id) {
        return next(members.stream().filter(member -> !member.id().equals(id)).toList());
    }

    /** The next version: while it has a member that may not lead yet, all who may have to acknowledge it. */
    private ControllerSet next(List<Controller> next) {
        boolean settled = next.stream().allMatch(Controller::mayLead);
        return new ControllerSet(
                version + 1,
                next,
                settled
                        ? List.of()
                        : next.stream()
                                .filter(Controller::mayLead)
                                .map(Controller::id)
                                .toList());
    }
}
