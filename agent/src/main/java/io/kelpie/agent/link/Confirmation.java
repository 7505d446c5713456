package io.kelpie.agent.link;

import io.kelpie.agent.link.ControllerLink.Surroundings;
import io.kelpie.common.lease.LeaseTimes;
import io.kelpie.proto.v1.ConfirmNotLeadingRequest;
import io.kelpie.proto.v1.ConfirmNotLeadingResponse;
import io.kelpie.proto.v1.ControllerMember;
import io.kelpie.proto.v1.ControllerSet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.LongStream;

/**
 * Extends the lease of a host whose leader does not grant, or that has none: asks every member of the controller set
 * whether it leads. If all of them say by the same set that they do not, nobody can have given this host's VMs away.
 *
 * <p>A round begins with each heartbeat interval while it is needed, and hinders nothing else; it counts from the instant
 * before its first question. Belongs to the loop; answers go there first.
 */
final class Confirmation {
    private static final Duration DEADLINE = Duration.ofSeconds(2);

    /** Who wants to know. */
    interface Owner {
        /** Whether this host obeys a leader now. */
        boolean hasLeader();

        /** A controller has named a set. */
        void told(ControllerSet set);

        /** A controller knows of this epoch. */
        void epochSeen(long epoch);

        /** The controller at this address says that it leads in this epoch. */
        void leaderNamed(String address, long epoch);

        /** Something that an operator has to know; may be said again and again. */
        void complain(String complaint);
    }

    private final Surroundings with;
    private final HostDescription host;
    private final Owner owner;
    private Duration interval = LeaseTimes.DEFAULT.heartbeat();
    private boolean closed;

    Confirmation(Surroundings with, HostDescription host, Owner owner) {
        this.with = with;
        this.host = host;
        this.owner = owner;
    }

    void start() {
        with.loop().schedule(interval, this::tick);
    }

    void interval(Duration heartbeat) {
        interval = heartbeat;
    }

    void close() {
        closed = true;
    }

    private void tick() {
        if (!closed) {
            with.loop().schedule(interval, this::tick);
            ask();
        }
    }

    /** Begins a round if one is needed. */
    private void ask() {
        if (!with.lease().wantsConfirmation(owner.hasLeader())) {
            return;
        }
        ControllerSet set = with.sets().highest();
        if (set.getMembersCount() == 0) {
            owner.complain("the lease cannot be extended without a leader: no leader has told this host the set of "
                    + "controllers yet");
            return;
        }
        new Round(set).begin();
    }

    /** The answers to one question. */
    private final class Round {
        private final ControllerSet set;
        private final long askedAtNanos = with.lease().confirmationBegins();
        private final long lineage = with.lease().heldLineage();
        private final Map<String, Long> answers = new HashMap<>();
        private final List<Long> lengthsMillis = new ArrayList<>();
        private final List<String> missing = new ArrayList<>();
        private boolean counted;

        Round(ControllerSet set) {
            this.set = set;
        }

        void begin() {
            ConfirmNotLeadingRequest request = ConfirmNotLeadingRequest.newBuilder()
                    .setClusterUuid(with.epochs().cluster().map(UUID::toString).orElse(""))
                    .setHostId(host.hostId())
                    .setHostName(host.hostName())
                    .setBootId(host.bootId())
                    .setHighestEpoch(with.epochs().highest())
                    .build();
            for (ControllerMember member : set.getMembersList()) {
                with.transport()
                        .confirmNotLeading(member.getAddress(), request, DEADLINE, new Transport.ConfirmListener() {
                            @Override
                            public void answered(ConfirmNotLeadingResponse answer) {
                                with.loop().execute(() -> Round.this.answered(member, answer));
                            }

                            @Override
                            public void failed(String why) {
                                with.loop().execute(() -> without(member, "does not answer: " + why));
                            }
                        });
            }
        }

        private void answered(ControllerMember member, ConfirmNotLeadingResponse answer) {
            if (closed) {
                return;
            }
            if (!answer.getControllerId().equals(member.getControllerId())) {
                without(member, "is not at its address: " + answer.getControllerId() + " is");
                return;
            }
            owner.told(answer.getControllerSet());
            owner.epochSeen(answer.getEpoch());
            if (!answer.getNotLeading()) {
                without(member, "does not say that it does not lead: " + answer.getReason());
                owner.leaderNamed(member.getAddress(), answer.getEpoch());
            } else {
                answers.put(answer.getControllerId(), answer.getControllerSet().getVersion());
                if (answer.getLeaseMillis() > 0) {
                    lengthsMillis.add((long) answer.getLeaseMillis());
                }
                count();
            }
        }

        private void count() {
            ControllerSet highest = with.sets().highest();
            if (counted || !with.lease().rules().unanimous(highest, answers)) {
                if (!counted && answers.size() == set.getMembersCount()) {
                    owner.complain(
                            "the lease is not extended: controllers name the sets of versions " + answers.values()
                                    + ", and the highest that this host has seen is " + highest.getVersion());
                }
                return;
            }
            counted = true;
            // Nobody waits longer than the shortest lease that it has told of.
            LongStream known = LongStream.concat(
                    lengthsMillis.stream().mapToLong(Long::longValue),
                    with.lease().grantedLength().stream().mapToLong(Duration::toMillis));
            known.min()
                    .ifPresentOrElse(
                            millis -> with.lease().confirmed(askedAtNanos, lineage, Duration.ofMillis(millis)),
                            () -> owner.complain("the lease is not extended: nobody has told its length yet"));
        }

        private void without(ControllerMember member, String why) {
            if (closed) {
                return;
            }
            missing.add("controller " + member.getControllerId() + " " + why);
            if (missing.size() + answers.size() == set.getMembersCount()) {
                owner.complain("the lease is not extended by the controllers' answers: " + String.join("; ", missing));
            }
        }
    }
}
