package io.kelpie.controller.model;

/**
 * Which of all processes that go by a controller's id is that controller: the first that took the seat since the set of
 * controllers has had it as a member, and only that one answers hosts, acknowledges and leads. It outlives the process, as
 * a process that is cut off from the store goes on answering hosts.
 *
 * @param holder see {@link ControllerIdentity#holder}
 * @param version of the set under which it was taken
 */
public record Seat(String holder, long version) {
    /** Whether somebody else is this controller; a seat that was taken before the member was added is free. */
    public boolean isTakenFrom(ControllerIdentity self, Controller member) {
        return version >= member.since() && !holder.equals(self.holder());
    }

    /** Whether this process is the controller. */
    public boolean isOf(ControllerIdentity self, Controller member) {
        return version >= member.since() && holder.equals(self.holder());
    }

    /** Why a process that does not hold it must not lead. */
    public ControllerSet.Entry.Refused refusal(ControllerIdentity self) {
        return new ControllerSet.Entry.Refused(
                "another data folder (" + holder + ") is controller " + self.id() + " since version " + version
                        + " of the set, and two that go by one id would both answer for it (this one is "
                        + self.holder() + ")",
                "if this is another controller, whose configuration was copied, give it a controllerId and an address of"
                        + " its own; if it replaces one whose data folder is lost, make sure that the former process is"
                        + " dead, then: kelpie cluster controllers remove " + self.id() + " --confirm-dead, and kelpie"
                        + " cluster controllers add " + self.id() + " " + self.address());
    }
}
