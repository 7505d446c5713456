package io.kelpie.agent.link;

import io.kelpie.agent.instance.ControllerSink;
import io.kelpie.agent.link.ControllerLink.Surroundings;
import io.kelpie.agent.link.Transport.Connection;
import io.kelpie.agent.link.Transport.Disconnect;
import io.kelpie.common.lease.LeaseTimes;
import io.kelpie.proto.v1.CommandAck;
import io.kelpie.proto.v1.ConnectRequest;
import io.kelpie.proto.v1.ConnectResponse;
import io.kelpie.proto.v1.Heartbeat;
import io.kelpie.proto.v1.HostCapabilities;
import io.kelpie.proto.v1.HostCapacity;
import io.kelpie.proto.v1.InstanceReport;
import io.kelpie.proto.v1.LeaseGrant;
import io.kelpie.proto.v1.Welcome;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One stream to a controller, from the dial to its end. Belongs to the loop; callbacks of the transport go there first.
 */
final class LeaderStream implements Transport.Listener, ControllerSink {
    private static final Logger LOG = LoggerFactory.getLogger(LeaderStream.class);

    /** From dialling to Welcome. */
    private static final Duration WELCOME_TIMEOUT = Duration.ofSeconds(3);

    private static final int HEARTBEAT_MILLIS_MIN = 50;
    private static final int HEARTBEAT_MILLIS_MAX = 60_000;
    /** With more answers waiting, the leader's commands have to wait too. */
    private static final int ACKS_WAITING_MAX = 256;

    /** Who dials. */
    interface Owner {
        /** The leader is obeyed from now on. */
        void obeyed(LeaderStream stream, Welcome welcome);

        /** The leader has told the controller set. */
        void told(LeaseGrant grant);

        /** The leader is late with an answer to a heartbeat. */
        void silent(LeaderStream stream);

        /** The leader has answered a heartbeat. */
        void answered(LeaderStream stream);

        /** The stream is over, by the other side. */
        void ended(LeaderStream stream, Disconnect why);

        /** The stream is over: this host has left it. */
        void left(LeaderStream stream, String why);
    }

    private enum State {
        /** Dialled; nothing was said. */
        DIALLING,
        /** Hello is sent. */
        GREETED,
        /** Welcome came, and is being written to disk. */
        JUDGING,
        /** The leader is obeyed. */
        WELCOMED,
        ENDED
    }

    private final Surroundings with;
    private final Greeting greeting;
    private final HostDescription host;
    private final Owner owner;
    private final String address;
    private final Outbox outbox = new Outbox(this::heartbeat);
    private final Queue<ConnectResponse> beforeObeyed = new ArrayDeque<>();
    private Heartbeats heartbeats;
    private @Nullable Connection connection;
    private State state = State.DIALLING;
    private long epoch;
    private int receivedOwed;

    LeaderStream(Surroundings with, HostDescription host, Owner owner, String address) {
        this.with = with;
        this.greeting = new Greeting(with, host);
        this.host = host;
        this.owner = owner;
        this.address = address;
        this.heartbeats = new Heartbeats(with.lease(), host, with.time(), LeaseTimes.DEFAULT.heartbeat());
    }

    String address() {
        return address;
    }

    boolean isWelcomed() {
        return state == State.WELCOMED;
    }

    /** Epoch of the leader that is obeyed; 0 before. */
    long epoch() {
        return epoch;
    }

    Duration heartbeatInterval() {
        return heartbeats.interval();
    }

    void begin() {
        connection = with.transport().connect(address, this);
        with.loop().schedule(WELCOME_TIMEOUT, () -> {
            if (state == State.DIALLING || state == State.GREETED) {
                leave("it did not answer within " + WELCOME_TIMEOUT.toMillis() + " ms");
            }
        });
        greet();
    }

    // ---- callbacks of the transport ---------------------------------------------------------------------------------

    @Override
    public void onMessage(ConnectResponse message) {
        with.loop().execute(() -> received(message));
    }

    @Override
    public void onReady() {
        with.loop().execute(() -> {
            greet();
            flush();
        });
    }

    @Override
    public void onClosed(Disconnect why) {
        with.loop().execute(() -> {
            if (state != State.ENDED) {
                end();
                owner.ended(this, why);
            }
        });
    }

    // ---- what this host says ----------------------------------------------------------------------------------------

    private void greet() {
        Connection ready = connection;
        if (state != State.DIALLING || ready == null || !ready.isReady()) {
            return;
        }
        state = State.GREETED;
        ready.send(ConnectRequest.newBuilder().setHello(greeting.hello(this)).build());
    }

    @Override
    public void ack(CommandAck ack) {
        outbox.put(ack);
        flush();
    }

    @Override
    public void report(InstanceReport report) {
        outbox.put(report);
        flush();
    }

    void hostChanged(HostCapabilities capabilities, HostCapacity capacity) {
        if (state == State.WELCOMED) {
            outbox.put(capabilities);
            outbox.put(capacity);
            flush();
        }
    }

    private void beat() {
        if (state != State.WELCOMED) {
            return;
        }
        if (heartbeats.isLost()) {
            leave("it has not answered heartbeats for " + heartbeats.silence().toMillis() + " ms");
            return;
        }
        if (heartbeats.isLate()) {
            owner.silent(this);
        }
        outbox.heartbeatDue();
        flush();
        with.loop().schedule(heartbeats.interval(), this::beat);
    }

    private Heartbeat heartbeat() {
        return heartbeats.next();
    }

    // ---- what the controller says -----------------------------------------------------------------------------------

    private void received(ConnectResponse message) {
        switch (state) {
            case DIALLING, ENDED -> {
                // It speaks before it is asked, or to a stream that is over.
            }
            case GREETED -> {
                if (message.hasWelcome()) {
                    state = State.JUDGING;
                    Welcome welcome = message.getWelcome();
                    greeting.judge(welcome, objection -> judged(welcome, objection));
                } else {
                    leave("its first message is not Welcome");
                }
            }
            case JUDGING -> beforeObeyed.add(message);
            case WELCOMED -> obey(message);
        }
    }

    private void judged(Welcome welcome, Optional<String> objection) {
        if (state != State.JUDGING) {
            return;
        }
        if (objection.isPresent()) {
            leave(objection.get());
            return;
        }
        state = State.WELCOMED;
        epoch = welcome.getEpoch();
        LOG.info(
                "connected to the leader {} of cluster {}, epoch {}",
                address,
                welcome.getClusterUuid(),
                welcome.getEpoch());
        Duration interval =
                orDefault(Math.min(HEARTBEAT_MILLIS_MAX, welcome.getHeartbeatMillis()), LeaseTimes.DEFAULT.heartbeat());
        if (interval.toMillis() < HEARTBEAT_MILLIS_MIN) {
            interval = Duration.ofMillis(HEARTBEAT_MILLIS_MIN);
        }
        heartbeats = new Heartbeats(with.lease(), host, with.time(), interval);
        with.lease().leaderFound(orDefault(welcome.getKillMarginMillis(), LeaseTimes.DEFAULT.killMargin()), interval);
        owner.obeyed(this, welcome);
        beat();
        workedOff();
        while (!beforeObeyed.isEmpty() && state == State.WELCOMED) {
            obey(beforeObeyed.remove());
        }
    }

    private static Duration orDefault(int millis, Duration otherwise) {
        return millis <= 0 ? otherwise : Duration.ofMillis(millis);
    }

    private void obey(ConnectResponse message) {
        switch (message.getMessageCase()) {
            case COMMAND -> with.instances().execute(message.getCommand(), this);
            case OPEN_LOG -> {
                Connection open = connection;
                if (open != null) {
                    with.logs().open(message.getOpenLog(), open::uploadLog);
                }
            }
            case HEARTBEAT_ACK -> {
                if (heartbeats.answered(message.getHeartbeatAck())) {
                    with.observer().heartbeat();
                    owner.answered(this);
                }
            }
            case LEASE_GRANT -> {
                owner.told(message.getLeaseGrant());
                with.lease().granted(message.getLeaseGrant(), with.epochs().highest());
            }
            case WELCOME -> leave("it welcomed this host twice");
            case MESSAGE_NOT_SET -> LOG.debug("ignored a message that this agent does not know");
        }
        workedOff();
    }

    // ---- flow -------------------------------------------------------------------------------------------------------

    private void flush() {
        Connection open = connection;
        while (open != null && state == State.WELCOMED && open.isReady()) {
            Optional<ConnectRequest> next = outbox.next();
            if (next.isEmpty()) {
                break;
            }
            open.send(next.get());
        }
        giveBack();
    }

    private void workedOff() {
        receivedOwed++;
        giveBack();
    }

    private void giveBack() {
        Connection open = connection;
        while (open != null && receivedOwed > 0 && outbox.acks() < ACKS_WAITING_MAX) {
            receivedOwed--;
            open.received();
        }
    }

    // ---- the end ----------------------------------------------------------------------------------------------------

    /** Ends the stream, and says why. */
    void leave(String why) {
        if (state != State.ENDED) {
            end();
            owner.left(this, why);
        }
    }

    /** Ends the stream without a word to its owner. */
    void end() {
        if (state == State.ENDED) {
            return;
        }
        if (state == State.WELCOMED) {
            with.observer().connected(false);
            with.lease().streamEnded();
        }
        state = State.ENDED;
        with.instances().detach(this);
        Connection open = connection;
        if (open != null) {
            open.close();
        }
    }
}
