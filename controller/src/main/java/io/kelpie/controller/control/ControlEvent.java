package io.kelpie.controller.control;

import com.google.protobuf.ByteString;
import io.kelpie.controller.leadership.LeaderTerm;
import io.kelpie.controller.lease.Grantee;
import io.kelpie.controller.store.CommitOutcome;
import io.kelpie.proto.v1.CommandAck;
import io.kelpie.proto.v1.ConnectResponse;
import io.kelpie.proto.v1.Hello;
import io.kelpie.proto.v1.HostCapabilities;
import io.kelpie.proto.v1.HostCapacity;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/** All that can reach the control thread. */
public sealed interface ControlEvent {
    /** This controller leads. */
    record TermBegan(LeaderTerm term) implements ControlEvent {}

    /** It leads no more. */
    record TermEnded(LeaderTerm term) implements ControlEvent {}

    /** What a term reads first, all that it needs to grant leases; empty if it could not be read. */
    record HostsLoaded(LeaderTerm term, Optional<LoadedHosts> hosts) implements ControlEvent {}

    /** What the store held when the term began; empty if it could not be read. */
    record StateLoaded(LeaderTerm term, Optional<LoadedTerm> state) implements ControlEvent {}

    /** The store has refused a proof for grants: the term has ended. */
    record ProofRefused(LeaderTerm term) implements ControlEvent {}

    /** The first grant of a lineage was sent to a host. */
    record HostLeased(String hostId, Grantee stream, long lineage) implements ControlEvent {}

    /** The store's answer to a batch of the pipeline. */
    record CommitAnswered(LeaderTerm term, long batch, CommitOutcome outcome) implements ControlEvent {}

    /** The store's answer to a proof that the term stands, sent at {@code sentNanos} of the monotonic clock. */
    record ProofAnswered(LeaderTerm term, CommitOutcome outcome, long sentNanos) implements ControlEvent {}

    /** How many batches were applied; empty if the term has ended. */
    record Settled(LeaderTerm term, Optional<Long> batchesApplied) implements ControlEvent {}

    record AgentConnected(AgentSession session, Hello hello) implements ControlEvent {}

    record AgentClosed(AgentSession session) implements ControlEvent {}

    /** The session has reports to take; not repeated before they are taken. */
    record ReportsReady(AgentSession session) implements ControlEvent {}

    record AckReceived(AgentSession session, CommandAck ack) implements ControlEvent {}

    record CapabilitiesChanged(AgentSession session, HostCapabilities capabilities) implements ControlEvent {}

    /** The session knows another set of images in the host's cache. */
    record ImagesChanged(AgentSession session) implements ControlEvent {}

    record CapacityChanged(AgentSession session, HostCapacity capacity) implements ControlEvent {}

    /** A message for a host that changes nothing, e.g. a request for a log; fails if the host is not connected. */
    record HostMessage(String hostId, ConnectResponse message, CompletableFuture<Void> sent) implements ControlEvent {}

    /** Asks for all records as of one instant; completes once all of it is durable. */
    record RecordsAsked(CompletableFuture<RecordsOfTerm> answer) implements ControlEvent {}

    /** A host has said something that casts doubt on the store; {@code outcome} of a proof that began after it. */
    record DoubtTested(LeaderTerm term, StoreDoubt doubt, CommitOutcome outcome) implements ControlEvent {}

    /**
     * What comes before an operator's change that takes time elsewhere.
     *
     * @param answer completes on the control thread, which must not be held up
     */
    record CallPrepared<T>(Preparation<T> preparation, CompletableFuture<T> answer) implements ControlEvent {}

    /**
     * An operator's change.
     *
     * @param requestId the caller's UUID
     * @param bodyHash hash of method and body
     * @param operation what to do
     * @param answer completes with the serialized response once all is durable, or with a {@code KelpieException}
     */
    record OperatorCall(UUID requestId, ByteString bodyHash, Operation operation, CompletableFuture<ByteString> answer)
            implements ControlEvent {}
}
