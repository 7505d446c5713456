package io.kelpie.controller.lease;

import io.kelpie.common.lease.LeaseTimes;
import io.kelpie.common.time.TimeSource;
import io.kelpie.controller.leadership.LeaderTerm;
import io.kelpie.controller.store.ClusterStore;
import io.kelpie.controller.store.CommitOutcome;
import io.kelpie.proto.v1.ConnectResponse;
import io.kelpie.proto.v1.ControllerSet;
import io.kelpie.proto.v1.LeaseGrant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * The leader's promises to hosts, one {@link Word} a host. Questions wait; while any does, a proof that the term stands
 * is begun every proof interval, and a proof that succeeded grants all questions that were received before it began. A
 * grant is the full lease, counted by the host from its question, so no clock of this controller takes part in it; its
 * clock only notes when a promise was made, before it is sent, so that {@link #lastPromiseNanos} is never too early.
 *
 * <p>Thread-safe. No method waits for the store or for a host. Proofs and grants happen in {@link #step} alone, which
 * must always be called by the same thread and is never the control thread: no plan and no load delays a grant.
 */
public final class Leases {
    /** Proofs under way at once: a slow store delays grants, it does not get more work by being slow. */
    private static final int MAX_PROOFS = 2;

    /** Answers "not leading" that are remembered before those too old to matter are forgotten. */
    private static final int ANSWERS_KEPT = 10_000;

    /** Told of what the control thread has to know. Called on any thread; must only hand over. */
    public interface Listener {
        /** The first grant of a lineage to a host was sent on the stream. */
        void leased(String hostId, Grantee stream, long lineage);

        /** The store says that the term has ended; nothing is granted any more. */
        void termEnded(LeaderTerm term);
    }

    /** What is measured. Called on the thread of {@link #step}. */
    public interface Meter {
        /** A grant was sent. */
        void granted();

        /** A proof was answered after so many nanoseconds. */
        void proved(CommitOutcome outcome, long nanos);

        /** Measures nothing. */
        Meter NONE = new Meter() {
            @Override
            public void granted() {}

            @Override
            public void proved(CommitOutcome outcome, long nanos) {}
        };
    }

    private record Proof(LeaderTerm term, long beganNanos) {}

    private record Answer(Proof proof, CommitOutcome outcome, long answeredNanos) {}

    private final ClusterStore store;
    private final LeaseTimes times;
    private final LeaderRules rules;
    private final TimeSource time;
    private final Listener listener;
    private final Meter meter;
    private volatile Runnable wake = () -> {};

    private final Queue<Answer> answers = new ConcurrentLinkedQueue<>();

    // All guarded by this.
    private final Map<String, Word> words = new HashMap<>();
    /** Latest questions of streams that are not admitted yet. */
    private final Map<Grantee, Word.Asked> early = new IdentityHashMap<>();
    /** When this controller last said to a host that it does not lead; outlives terms. */
    private final Map<String, Long> notLeadingAnswers = new HashMap<>();
    /** Hosts whose fence was under way when its term, of this epoch, ended. */
    private final Map<String, Long> unsettledFences = new HashMap<>();

    private @Nullable LeaderTerm term;
    private ControllerSet controllerSet = ControllerSet.getDefaultInstance();
    private final Deque<Proof> underWay = new ArrayDeque<>();
    private OptionalLong lastProofBeganNanos = OptionalLong.empty();
    private OptionalLong provenNanos = OptionalLong.empty();

    public Leases(
            ClusterStore store, LeaseTimes times, LeaderRules rules, TimeSource time, Listener listener, Meter meter) {
        this.store = store;
        this.times = times;
        this.rules = rules;
        this.time = time;
        this.listener = listener;
        this.meter = meter;
    }

    /**
     * Sets what is called when {@link #step} has something to do: a question waits, or a proof was answered. Called on any
     * thread; must only hand over.
     */
    public void onWork(Runnable newWake) {
        wake = newWake;
    }

    public LeaseTimes times() {
        return times;
    }

    public LeaderRules rules() {
        return rules;
    }

    // ---- the term: called by the control thread ----

    /** This controller leads: admitted hosts may be granted from now on. All words begin anew. */
    public void begin(LeaderTerm newTerm, ControllerSet set) {
        synchronized (this) {
            forgetTerm();
            unsettledFences.values().removeIf(epoch -> epoch < newTerm.epoch());
            term = newTerm;
            controllerSet = set;
        }
        wake.run();
    }

    /** It leads no more: nothing is granted. A host whose fence is under way is promised nothing until it is settled. */
    public synchronized void end() {
        LeaderTerm ended = term;
        if (ended != null) {
            words.forEach((hostId, word) -> {
                if (word.closings.contains(Closing.FENCING)) {
                    unsettledFences.put(hostId, ended.epoch());
                }
            });
        }
        forgetTerm();
    }

    private void forgetTerm() {
        term = null;
        words.clear();
        underWay.clear();
        lastProofBeganNanos = OptionalLong.empty();
        provenNanos = OptionalLong.empty();
    }

    /** A term of this epoch is known to have begun: fences of earlier terms are in the store by now or never will be. */
    public synchronized void termSeen(long epoch) {
        unsettledFences.values().removeIf(fenced -> fenced < epoch);
    }

    /** The committed set of controllers has changed; every host is told with its next grant. */
    public synchronized void controllerSet(ControllerSet set) {
        controllerSet = set;
    }

    // ---- hosts: called by the control thread ----

    /**
     * A host's stream is admitted: its questions are granted if the host's word is open. The stream has been told the
     * present set of controllers, or is about to be, by its Welcome. Does nothing between terms.
     */
    public void admit(String hostId, String bootId, Grantee stream) {
        synchronized (this) {
            if (term == null) {
                return;
            }
            Word word = word(hostId);
            word.admit(stream, bootId, controllerSet.getVersion());
            Word.Asked asked = early.remove(stream);
            if (asked != null) {
                ask(word, asked);
            }
        }
        wake.run();
    }

    /** Promises nothing to a host any more; what was promised last is final when this returns. */
    public synchronized OptionalLong close(String hostId, Closing why) {
        if (term != null) {
            word(hostId).closings.add(why);
        }
        return lastPromiseNanos(hostId);
    }

    /** The host's stream is to be admitted anew before anything is promised on it again. */
    public synchronized void dismiss(String hostId) {
        Word word = words.get(hostId);
        if (word != null) {
            word.stream = null;
            word.waiting = null;
        }
    }

    /** Takes back one reason for promising nothing. */
    public void open(String hostId, Closing why) {
        synchronized (this) {
            Word word = words.get(hostId);
            if (word != null) {
                word.closings.remove(why);
            }
        }
        wake.run();
    }

    /** True if nothing is promised to the host now. */
    public synchronized boolean isClosed(String hostId) {
        Word word = words.get(hostId);
        return unsettledFences.containsKey(hostId) || (word != null && !word.closings.isEmpty());
    }

    /** Whether grants to the host have no end before a thaw, from now on. The host's record must say so already. */
    public synchronized void grantUntilThaw(String hostId, boolean untilThaw) {
        if (term != null) {
            word(hostId).untilThaw = untilThaw;
        }
    }

    /** True if the host is known, by its present stream, to hold a lease that ends and to get no other. */
    public synchronized boolean holdsBounded(String hostId) {
        Word word = words.get(hostId);
        return word != null && word.boundedHeld;
    }

    /** True if the host says on its present stream that it holds a lease without an end, and gets no other. */
    public synchronized boolean holdsUntilThaw(String hostId) {
        Word word = words.get(hostId);
        return word != null && word.untilThaw && word.endlessHeld;
    }

    /** The lineage that this leader has granted last to the host in this term; empty: none, or its word is closed. */
    public synchronized OptionalLong grantedLineage(String hostId) {
        Word word = words.get(hostId);
        if (word == null || !word.closings.isEmpty()) {
            return OptionalLong.empty();
        }
        long lineage = rules.startLineage(word.grantedLineage, word.askedLineage);
        return lineage == 0 ? OptionalLong.empty() : OptionalLong.of(lineage);
    }

    /** When the last grant of this term, or the last answer "not leading", to the host was made; empty: never. */
    public synchronized OptionalLong lastPromiseNanos(String hostId) {
        Word word = words.get(hostId);
        OptionalLong granted = word == null ? OptionalLong.empty() : word.lastPromiseNanos;
        Long answered = rules.answerIsPromise() ? notLeadingAnswers.get(hostId) : null;
        if (answered == null) {
            return granted;
        }
        return granted.isEmpty() || answered - granted.getAsLong() > 0 ? OptionalLong.of(answered) : granted;
    }

    /**
     * When the host's leased instances are known to be dead, if nothing more is promised to it.
     *
     * @param termBeganNanos when this controller's present term was known to have begun
     */
    public long fenceableAtNanos(String hostId, long termBeganNanos) {
        return rules.fenceableAtNanos(termBeganNanos, lastPromiseNanos(hostId).orElse(termBeganNanos), times);
    }

    // ---- streams: called by their threads ----

    /** A host asks on a stream, admitted or not yet. */
    public void question(String hostId, Grantee stream, Question question) {
        synchronized (this) {
            Word.Asked asked = new Word.Asked(question, time.nanoTime());
            Word word = words.get(hostId);
            if (word == null || word.stream != stream) {
                early.put(stream, asked);
                return;
            }
            ask(word, asked);
        }
        wake.run();
    }

    /** The stream has ended. */
    public synchronized void ended(String hostId, Grantee stream) {
        early.remove(stream);
        Word word = words.get(hostId);
        if (word != null && word.stream == stream) {
            word.stream = null;
            word.waiting = null;
        }
    }

    /**
     * Whether this controller may answer "not leading" to a host now. If it may, that counts as a promise to the host
     * from now on, should it lead then or later.
     */
    public synchronized boolean promiseNotLeading(String hostId) {
        if (rules.silentWhileFencing() && isClosed(hostId)) {
            return false;
        }
        long now = time.nanoTime();
        if (term != null && provenNanos.isPresent()) {
            boolean grants =
                    now - provenNanos.getAsLong() < 2 * times.heartbeat().toNanos();
            if (grants) {
                return false;
            }
        }
        if (notLeadingAnswers.size() >= ANSWERS_KEPT) {
            long old = times.fenceWait().toNanos();
            notLeadingAnswers.values().removeIf(answered -> now - answered > old);
        }
        notLeadingAnswers.put(hostId, now);
        return true;
    }

    // ---- proofs and grants: called by one thread ----

    /** Takes the answers to proofs, grants what they prove, and begins the next proof if one is due. */
    public void step() {
        Answer answer;
        boolean begin = true;
        while (begin) {
            while ((answer = answers.poll()) != null) {
                take(answer);
            }
            begin = beginProof();
        }
    }

    /** Nanoseconds until {@link #step} has to be called again if {@link #onWork} does not call for it before. */
    public synchronized long idleNanos() {
        if (!answers.isEmpty()) {
            return 0;
        }
        long interval = times.proofInterval().toNanos();
        long sinceProof = lastProofBeganNanos.isEmpty() ? interval : time.nanoTime() - lastProofBeganNanos.getAsLong();
        return sinceProof < interval ? interval - sinceProof : interval;
    }

    private boolean beginProof() {
        Proof proof;
        synchronized (this) {
            LeaderTerm present = term;
            long now = time.nanoTime();
            boolean paced = lastProofBeganNanos.isEmpty()
                    || now - lastProofBeganNanos.getAsLong()
                            >= times.proofInterval().toNanos();
            if (present == null || !paced || !isProofWanted()) {
                return false;
            }
            proof = new Proof(present, now);
            underWay.add(proof);
            lastProofBeganNanos = OptionalLong.of(now);
        }
        store.prove(proof.term()).thenAccept(outcome -> {
            answers.add(new Answer(proof, outcome, time.nanoTime()));
            wake.run();
        });
        return true;
    }

    /** Whether a question waits that no proof under way will grant. */
    private boolean isProofWanted() {
        if (term == null || underWay.size() >= MAX_PROOFS) {
            return false;
        }
        Proof latest = underWay.peekLast();
        return words.values().stream()
                .filter(word -> word.waiting != null && word.closings.isEmpty())
                .anyMatch(word -> latest == null || !isProvenBy(latest, latest.beganNanos(), word));
    }

    private boolean isProvenBy(Proof proof, long answeredNanos, Word word) {
        return word.waiting != null && rules.proves(proof.beganNanos(), answeredNanos, word.waiting.receivedNanos());
    }

    private void take(Answer answer) {
        Proof proof = answer.proof();
        meter.proved(answer.outcome(), answer.answeredNanos() - proof.beganNanos());
        List<String> asking;
        synchronized (this) {
            underWay.remove(proof);
            if (term != proof.term()) {
                return;
            }
            switch (answer.outcome()) {
                case COMMITTED -> provenNanos = OptionalLong.of(proof.beganNanos());
                case OUTCOME_UNKNOWN -> {
                    return; // asked again
                }
                case CONFLICT, TERM_ENDED -> end();
            }
            asking = new ArrayList<>();
            words.forEach((hostId, word) -> {
                if (word.waiting != null) {
                    asking.add(hostId);
                }
            });
        }
        if (answer.outcome() != CommitOutcome.COMMITTED) {
            listener.termEnded(proof.term());
            return;
        }
        // One at a time, so that nobody who closes a word or asks waits for all of them.
        asking.forEach(hostId -> grant(hostId, proof, answer.answeredNanos()));
    }

    private synchronized void grant(String hostId, Proof proof, long answeredNanos) {
        Word word = words.get(hostId);
        if (term != proof.term() || word == null || !isProvenBy(proof, answeredNanos, word)) {
            return;
        }
        Word.Asked asked = word.waiting;
        Grantee stream = word.stream;
        boolean silent = rules.silentWhileFencing() && !word.closings.isEmpty();
        if (asked == null || stream == null || silent) {
            return;
        }
        Question question = asked.question();
        word.waiting = null;
        boolean first = question.lineage() != word.grantedLineage;
        // Noted before it is sent: from here on the host may go on until the lease has passed after its question.
        word.lastPromiseNanos = OptionalLong.of(time.nanoTime());
        word.grantedLineage = question.lineage();
        word.grantedSequence = question.sequence();
        word.noteGrant();
        stream.send(ConnectResponse.newBuilder()
                .setLeaseGrant(message(proof.term(), word, question))
                .build());
        meter.granted();
        if (first) {
            listener.leased(hostId, stream, question.lineage());
        }
    }

    private LeaseGrant message(LeaderTerm present, Word word, Question question) {
        LeaseGrant.Builder grant = LeaseGrant.newBuilder()
                .setEpoch(present.epoch())
                .setSequence(question.sequence())
                .setLineage(question.lineage())
                .setBootId(question.bootId())
                .setLeaseMillis((int) times.lease().toMillis())
                .setUntilThaw(word.untilThaw);
        if (controllerSet.getVersion() != word.toldSet) {
            grant.setControllerSet(controllerSet);
            word.toldSet = controllerSet.getVersion();
        }
        return grant.build();
    }

    private Word word(String hostId) {
        return words.computeIfAbsent(hostId, id -> new Word());
    }

    /** Takes a question of the admitted stream, unless it is a stale one. */
    private void ask(Word word, Word.Asked asked) {
        Question question = asked.question();
        if (question.lineage() == 0
                || !question.bootId().equals(word.bootId)
                || question.sequence() < word.grantedSequence
                || (word.waiting != null
                        && question.sequence() < word.waiting.question().sequence())
                || question.lineage() < word.grantedLineage) {
            return;
        }
        word.askedLineage = question.lineage();
        if (question.opens() && question.lineage() == word.grantedLineage && !rules.mayGrantAgain(true)) {
            return;
        }
        word.noteHeld(question);
        word.waiting = asked;
    }
}
