package io.kelpie.controller.lease;

import java.util.EnumSet;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a leader has promised to one host in its term, and may promise. Guarded by {@link Leases}. */
final class Word {
    /** The admitted stream; questions of no other are granted. */
    @Nullable Grantee stream;

    /** Boot that was admitted. */
    String bootId = "";

    /** Why nothing is promised; empty: the word is open. */
    final Set<Closing> closings = EnumSet.noneOf(Closing.class);

    /** The latest question of the admitted stream that waits for a proof. */
    @Nullable Asked waiting;

    /** Highest sequence of the stream that was granted. */
    long grantedSequence;

    /** Lineage of the last grant; 0: none in this term. */
    long grantedLineage;

    /** Lineage of the last question; 0: none in this term. */
    long askedLineage;

    /** When the last promise of this term was made, in monotonic nanoseconds. */
    OptionalLong lastPromiseNanos = OptionalLong.empty();

    /** Grants have no end before a thaw. */
    boolean untilThaw;

    /** What the stream has shown of the leases without an end that it was granted. */
    Thaw thaw = Thaw.NONE_GRANTED;

    /** The stream was granted a lease that ends. */
    boolean boundedGranted;

    /** The host holds a lease that ends, and no grant of another kind can be on its way to it. */
    boolean boundedHeld;

    /** The host said with its latest question that its lease has no end. */
    boolean endlessHeld;

    /** Version of the controller set that the stream was told last. */
    long toldSet;

    /**
     * Grants of one stream arrive in their order. So a host that says that its lease ends has taken the grant that ended
     * it if it said the opposite before, or if it never got a grant without an end on this stream; otherwise such a grant
     * may still be on its way.
     */
    enum Thaw {
        NONE_GRANTED,
        GRANTED,
        HELD
    }

    /** A question and when it was received, in monotonic nanoseconds. */
    record Asked(Question question, long receivedNanos) {}

    void admit(Grantee admitted, String boot, long setVersion) {
        stream = admitted;
        if (!bootId.equals(boot)) {
            grantedLineage = 0; // lineages begin anew with each boot, perhaps below those before
            askedLineage = 0;
        }
        bootId = boot;
        waiting = null;
        grantedSequence = 0;
        thaw = Thaw.NONE_GRANTED;
        boundedGranted = false;
        boundedHeld = false;
        endlessHeld = false;
        toldSet = setVersion;
        closings.remove(Closing.FAULTY);
    }

    /** Notes what a question says of the lease that the host holds. */
    void noteHeld(Question question) {
        endlessHeld = question.untilThaw() && !question.opens();
        if (question.opens()) {
            thaw = Thaw.NONE_GRANTED; // it holds none, and drops whatever names an earlier lineage
        } else if (question.untilThaw()) {
            thaw = thaw == Thaw.GRANTED ? Thaw.HELD : thaw;
            boundedHeld = false;
        } else if (boundedGranted && thaw != Thaw.GRANTED) {
            boundedHeld = true;
        }
    }

    /** Notes that a grant is about to be sent. */
    void noteGrant() {
        if (untilThaw) {
            thaw = Thaw.GRANTED;
            boundedGranted = false;
            boundedHeld = false;
        } else {
            boundedGranted = true;
        }
    }
}
