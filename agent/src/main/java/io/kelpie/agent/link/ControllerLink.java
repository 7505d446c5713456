package io.kelpie.agent.link;

import io.kelpie.agent.fencing.ControllerSets;
import io.kelpie.agent.fencing.EpochStore;
import io.kelpie.agent.instance.AgentLoop;
import io.kelpie.agent.instance.HostLease;
import io.kelpie.agent.instance.InstanceManager;
import io.kelpie.agent.instance.Workers;
import io.kelpie.agent.link.Transport.Disconnect;
import io.kelpie.common.time.TimeSource;
import io.kelpie.proto.v1.ControllerMember;
import io.kelpie.proto.v1.ControllerSet;
import io.kelpie.proto.v1.HostCapabilities;
import io.kelpie.proto.v1.HostCapacity;
import io.kelpie.proto.v1.LeaseGrant;
import io.kelpie.proto.v1.Welcome;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one stream to the leader: finds it, goes to look for another one as soon as it shows no sign of life or its epoch
 * has ended, and has the lease extended by all controllers together while nobody leads.
 *
 * <p>Belongs to the loop: all methods but {@link #close} are called there, and callbacks of the transport go there first.
 */
public final class ControllerLink implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ControllerLink.class);

    /**
     * What the link works with.
     *
     * @param random for waits between dials
     * @param epochs whom this host obeys
     * @param sets the controller set that this host has seen
     * @param lease the same as that of {@code instances}
     */
    public record Surroundings(
            AgentLoop loop,
            Workers workers,
            TimeSource time,
            Transport transport,
            RandomGenerator random,
            EpochStore epochs,
            ControllerSets sets,
            HostLease lease,
            InstanceManager instances,
            LogOpener logs,
            LinkObserver observer) {}

    private final Surroundings with;
    private final HostDescription host;
    private final DialPlan plan;
    private final Complaints complaints;
    private final Confirmation confirmation;
    private final LeaderSearch search;
    private AgentLoop.@Nullable Timer dialling;
    private @Nullable LeaderStream current;
    private boolean closed;

    public ControllerLink(Surroundings with, HostDescription host, List<String> controllers) {
        this.with = with;
        this.host = host;
        this.plan = new DialPlan(controllers, with.random());
        this.complaints = new Complaints(with.time());
        this.confirmation = new Confirmation(with, host, new Confirmed());
        this.search = new LeaderSearch(with.loop(), with.transport(), with.random(), host.hostId(), this::leads);
        this.plan.controllers(addresses(with.sets().highest()));
    }

    /** Begins to dial. */
    public void start() {
        dial(plan.next());
        confirmation.start();
    }

    /** What the host can do, or has, has changed: tells the leader, if there is one. */
    public void hostChanged(HostCapabilities capabilities, HostCapacity capacity) {
        LeaderStream stream = current;
        if (stream != null) {
            stream.hostChanged(capabilities, capacity);
        }
    }

    /** Ends the stream for good. May be called from any thread. */
    @Override
    public void close() {
        with.loop().execute(() -> {
            closed = true;
            confirmation.close();
            search.end();
            leaveCurrent();
        });
    }

    /** In place of any dial that still waits; as long as nobody has welcomed this host, it listens for a leader too. */
    private void dial(DialPlan.Dial dial) {
        if (closed) {
            return;
        }
        search.begin(plan.addresses());
        if (dialling != null) {
            dialling.cancel();
        }
        dialling = with.loop().schedule(dial.delay(), () -> {
            if (!closed && current == null) {
                LeaderStream stream = new LeaderStream(with, host, new Streams(), dial.address());
                current = stream;
                stream.begin();
            }
        });
    }

    private void leaveCurrent() {
        LeaderStream stream = current;
        current = null;
        if (stream != null) {
            stream.end();
        }
    }

    private boolean hasLeader() {
        LeaderStream stream = current;
        return stream != null && stream.isWelcomed();
    }

    /** A controller says that it leads. Neither a dial that hangs nor a leader of old must keep this host from it. */
    private void leads(String address, long epoch) {
        LeaderStream stream = current;
        if (closed || epoch < with.epochs().highest()) {
            return;
        }
        if (stream != null && stream.isWelcomed()) {
            if (epoch > stream.epoch()) {
                plan.leaderSaidSo(address);
                stream.leave("controller " + address + " leads in epoch " + epoch);
            }
            return;
        }
        plan.leaderSaidSo(address);
        if (stream == null || !stream.address().equals(address)) {
            leaveCurrent();
            dial(plan.next());
        }
        // Else it is being dialled; if that was too early, it is next again.
    }

    private void see(ControllerSet set) {
        if (!with.sets().see(set)) {
            return;
        }
        LOG.info("the controller set has version {}: {}", set.getVersion(), addresses(set));
        plan.controllers(addresses(set));
        if (search.isSearching()) {
            search.begin(plan.addresses());
        }
        with.workers()
                .submit(
                        "record the controllers",
                        () -> {
                            with.sets().save();
                            return true;
                        },
                        outcome -> outcome.handle(
                                done -> {}, failure -> LOG.error("cannot record the controller set", failure)));
    }

    private static List<String> addresses(ControllerSet set) {
        return set.getMembersList().stream().map(ControllerMember::getAddress).toList();
    }

    /** What becomes of a stream. */
    private final class Streams implements LeaderStream.Owner {
        @Override
        public void obeyed(LeaderStream stream, Welcome welcome) {
            plan.welcomed();
            search.end();
            if (welcome.getControllerSet().getMembersCount() == 0) {
                plan.controllers(welcome.getControllersList());
            }
            see(welcome.getControllerSet());
            confirmation.interval(stream.heartbeatInterval());
            complaints.forget();
            with.observer().connected(true);
        }

        @Override
        public void told(LeaseGrant grant) {
            see(grant.getControllerSet());
        }

        @Override
        public void silent(LeaderStream stream) {
            if (current == stream) {
                search.begin(plan.addresses());
            }
        }

        @Override
        public void answered(LeaderStream stream) {
            if (current == stream) {
                search.end();
            }
        }

        @Override
        public void ended(LeaderStream stream, Disconnect why) {
            if (current != stream) {
                return;
            }
            current = null;
            switch (why.kind()) {
                case NOT_LEADER -> {
                    LOG.debug(
                            "{} does not lead; the leader is {}",
                            stream.address(),
                            why.leader().orElse("not known"));
                    dial(plan.afterNotLeader(why.leader()));
                }
                case REFUSED -> {
                    complaints.say("controller " + stream.address() + " does not take this host: " + why.message());
                    dial(plan.next());
                }
                case LOST -> {
                    complaints.say("no stream to controller " + stream.address() + ": " + why.message());
                    dial(plan.next());
                }
            }
        }

        @Override
        public void left(LeaderStream stream, String why) {
            complaints.say("left controller " + stream.address() + ": " + why);
            if (current == stream) {
                current = null;
                dial(plan.next());
            }
        }
    }

    /** What controllers answer beside the stream. */
    private final class Confirmed implements Confirmation.Owner {
        @Override
        public boolean hasLeader() {
            return ControllerLink.this.hasLeader();
        }

        @Override
        public void told(ControllerSet set) {
            see(set);
        }

        /** A host that knows of a later term obeys no earlier one any more. */
        @Override
        public void epochSeen(long epoch) {
            Optional<UUID> cluster = with.epochs().cluster();
            if (cluster.isEmpty() || epoch <= with.epochs().highest()) {
                return;
            }
            with.workers()
                    .submit(
                            "record an epoch",
                            () -> with.epochs().welcome(cluster.get(), epoch),
                            outcome -> outcome.handle(
                                    done -> leaveEarlierEpoch(),
                                    failure -> LOG.error("cannot record epoch {}", epoch, failure)));
        }

        private void leaveEarlierEpoch() {
            LeaderStream stream = current;
            long highest = with.epochs().highest();
            if (stream != null && stream.isWelcomed() && stream.epoch() < highest) {
                stream.leave("its epoch " + stream.epoch() + " has ended; this host has heard of epoch " + highest);
            }
        }

        @Override
        public void leaderNamed(String address, long epoch) {
            leads(address, epoch);
        }

        @Override
        public void complain(String complaint) {
            complaints.say(complaint);
        }
    }
}
