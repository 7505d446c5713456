package io.kelpie.agent.link;

import io.kelpie.agent.fencing.EpochStore;
import io.kelpie.agent.fencing.EpochStore.Verdict;
import io.kelpie.agent.instance.AgentLoop;
import io.kelpie.agent.instance.ControllerSink;
import io.kelpie.agent.instance.InstanceManager;
import io.kelpie.agent.instance.Workers;
import io.kelpie.agent.link.Transport.Connection;
import io.kelpie.agent.link.Transport.Disconnect;
import io.kelpie.common.time.TimeSource;
import io.kelpie.proto.v1.Command;
import io.kelpie.proto.v1.CommandAck;
import io.kelpie.proto.v1.ConnectRequest;
import io.kelpie.proto.v1.ConnectResponse;
import io.kelpie.proto.v1.Heartbeat;
import io.kelpie.proto.v1.HeartbeatAck;
import io.kelpie.proto.v1.Hello;
import io.kelpie.proto.v1.HostCapabilities;
import io.kelpie.proto.v1.InstanceReport;
import io.kelpie.proto.v1.Welcome;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one stream to the leader: finds it, says Hello, obeys it if it is to be obeyed, shows signs of life, and goes to
 * look for another one as soon as it shows none itself.
 *
 * <p>Belongs to the loop: all methods but {@link #close} are called there, and callbacks of the transport go there first.
 */
public final class ControllerLink implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ControllerLink.class);

    /** From dialling to Welcome. */
    private static final Duration WELCOME_TIMEOUT = Duration.ofSeconds(3);

    private static final int HEARTBEATS_UNANSWERED_MAX = 3;
    private static final int HEARTBEAT_MILLIS_DEFAULT = 1_000;
    private static final int HEARTBEAT_MILLIS_MIN = 50;
    private static final int HEARTBEAT_MILLIS_MAX = 60_000;
    /** With more answers waiting, the leader's commands have to wait too. */
    private static final int ACKS_WAITING_MAX = 256;
    /** A Hello above this is sent without what hypervisors wrote before they ended. gRPC's limit is 4 MiB. */
    private static final int HELLO_BYTES_MAX = 3 * 1024 * 1024;

    private static final Duration COMPLAINT_INTERVAL = Duration.ofSeconds(30);

    /**
     * What the link works with.
     *
     * @param random for waits between dials
     */
    public record Surroundings(
            AgentLoop loop,
            Workers workers,
            TimeSource time,
            Transport transport,
            RandomGenerator random,
            EpochStore epochs,
            InstanceManager instances,
            LogOpener logs,
            LinkObserver observer) {}

    private final Surroundings with;
    private final HostDescription host;
    private final DialPlan plan;
    private @Nullable Attempt current;
    private boolean closed;
    private String lastComplaint = "";
    private long lastComplaintAtNanos;

    public ControllerLink(Surroundings with, HostDescription host, List<String> controllers) {
        this.with = with;
        this.host = host;
        this.plan = new DialPlan(controllers, with.random());
    }

    /** Begins to dial. */
    public void start() {
        dial(plan.first());
    }

    /** What the host can do has changed: tells the leader, if there is one. */
    public void capabilitiesChanged(HostCapabilities capabilities) {
        Attempt attempt = current;
        if (attempt != null && attempt.state == State.WELCOMED) {
            attempt.outbox.put(capabilities);
            attempt.flush();
        }
    }

    /** Ends the stream for good. May be called from any thread. */
    @Override
    public void close() {
        with.loop().execute(() -> {
            closed = true;
            Attempt attempt = current;
            if (attempt != null) {
                attempt.end();
            }
        });
    }

    private void dial(DialPlan.Dial dial) {
        if (closed) {
            return;
        }
        with.loop().schedule(dial.delay(), () -> {
            if (!closed && current == null) {
                new Attempt(dial.address()).begin();
            }
        });
    }

    private void complain(String complaint) {
        long now = with.time().nanoTime();
        if (!complaint.equals(lastComplaint) || now - lastComplaintAtNanos > COMPLAINT_INTERVAL.toNanos()) {
            lastComplaint = complaint;
            lastComplaintAtNanos = now;
            LOG.warn("{}", complaint);
        }
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

    /** One stream, from the dial to its end. */
    private final class Attempt implements Transport.Listener, ControllerSink {
        private final String address;
        private final Outbox outbox = new Outbox();
        private final Queue<ConnectResponse> beforeObeyed = new ArrayDeque<>();
        private @Nullable Connection connection;
        private State state = State.DIALLING;
        private long heartbeatSequence;
        private long answeredAtNanos;
        private Duration heartbeatInterval = Duration.ofMillis(HEARTBEAT_MILLIS_DEFAULT);
        private int receivedOwed;

        Attempt(String address) {
            this.address = address;
        }

        void begin() {
            current = this;
            connection = with.transport().connect(address, this);
            with.loop().schedule(WELCOME_TIMEOUT, () -> {
                if (state == State.DIALLING || state == State.GREETED) {
                    lost("it did not answer within " + WELCOME_TIMEOUT.toMillis() + " ms");
                }
            });
            greet();
        }

        // Callbacks of the transport.

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
            with.loop().execute(() -> closedByOther(why));
        }

        // What the instances say.

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

        // Greeting.

        private void greet() {
            Connection ready = connection;
            if (state != State.DIALLING || ready == null || !ready.isReady()) {
                return;
            }
            state = State.GREETED;
            ready.send(ConnectRequest.newBuilder().setHello(hello()).build());
        }

        private Hello hello() {
            Hello.Builder hello = Hello.newBuilder()
                    .setClusterUuid(with.epochs().cluster().map(UUID::toString).orElse(""))
                    .setHostId(host.hostId())
                    .setHostName(host.hostName())
                    .setBootId(host.bootId())
                    .setVersion(host.version())
                    .setHighestEpoch(with.epochs().highest())
                    .setCapabilities(host.capabilities().get())
                    .setCapacity(host.capacity().get())
                    .putAllLabels(host.labels());
            List<InstanceReport> reports = with.instances().attach(this);
            Hello whole = hello.clone().addAllInstances(reports).build();
            if (whole.getSerializedSize() <= HELLO_BYTES_MAX) {
                return whole;
            }
            List<InstanceReport> shorter = new ArrayList<>(reports);
            shorter.replaceAll(report -> {
                InstanceReport.Builder builder = report.toBuilder();
                if (report.hasExit()) {
                    builder.getExitBuilder().clearStderrTail();
                }
                return builder.build();
            });
            return hello.addAllInstances(shorter).build();
        }

        // What the controller says.

        private void received(ConnectResponse message) {
            switch (state) {
                case DIALLING, ENDED -> {
                    // It speaks before it is asked, or to a stream that is over.
                }
                case GREETED -> {
                    if (message.hasWelcome()) {
                        judge(message.getWelcome());
                    } else {
                        lost("its first message is not Welcome");
                    }
                }
                case JUDGING -> beforeObeyed.add(message);
                case WELCOMED -> obey(message);
            }
        }

        private void judge(Welcome welcome) {
            UUID cluster;
            try {
                cluster = UUID.fromString(welcome.getClusterUuid());
            } catch (IllegalArgumentException e) {
                lost("it names no cluster");
                return;
            }
            state = State.JUDGING;
            with.workers()
                    .submit("judge a leader", () -> with.epochs().welcome(cluster, welcome.getEpoch()), outcome -> {
                        if (state == State.JUDGING) {
                            outcome.handle(verdict -> judged(welcome, verdict), failure -> {
                                LOG.error("cannot record the leader's epoch", failure);
                                lost("its epoch cannot be written to disk: " + failure.getMessage());
                            });
                        }
                    });
        }

        private void judged(Welcome welcome, Verdict verdict) {
            if (verdict instanceof Verdict.LowerEpoch lower) {
                lost("its epoch " + welcome.getEpoch() + " has ended; this host obeys epoch " + lower.highest());
            } else if (verdict instanceof Verdict.OtherCluster other) {
                lost("it leads cluster " + welcome.getClusterUuid() + ", and this host belongs to cluster "
                        + other.own() + ". Fix: correct `controllers` in the agent's configuration");
            } else {
                welcomed(welcome);
            }
        }

        private void welcomed(Welcome welcome) {
            state = State.WELCOMED;
            plan.welcomed();
            plan.controllers(welcome.getControllersList());
            lastComplaint = "";
            LOG.info(
                    "connected to the leader {} of cluster {}, epoch {}",
                    address,
                    welcome.getClusterUuid(),
                    welcome.getEpoch());
            with.observer().connected(true);
            int millis = welcome.getHeartbeatMillis() == 0 ? HEARTBEAT_MILLIS_DEFAULT : welcome.getHeartbeatMillis();
            heartbeatInterval =
                    Duration.ofMillis(Math.min(HEARTBEAT_MILLIS_MAX, Math.max(HEARTBEAT_MILLIS_MIN, millis)));
            answeredAtNanos = with.time().nanoTime();
            beat();
            workedOff();
            while (!beforeObeyed.isEmpty() && state == State.WELCOMED) {
                obey(beforeObeyed.remove());
            }
        }

        private void obey(ConnectResponse message) {
            switch (message.getMessageCase()) {
                case COMMAND -> command(message.getCommand());
                case OPEN_LOG -> {
                    Connection open = connection;
                    if (open != null) {
                        with.logs().open(message.getOpenLog(), open::uploadLog);
                    }
                }
                case HEARTBEAT_ACK -> answered(message.getHeartbeatAck());
                case WELCOME -> lost("it welcomed this host twice");
                case MESSAGE_NOT_SET -> LOG.debug("ignored a message that this agent does not know");
            }
            workedOff();
        }

        private void command(Command command) {
            with.instances().execute(command, this);
        }

        private void answered(HeartbeatAck ack) {
            if (ack.getSequence() <= heartbeatSequence) {
                answeredAtNanos = with.time().nanoTime();
                with.observer().heartbeat();
            }
        }

        // Signs of life.

        private void beat() {
            if (state != State.WELCOMED) {
                return;
            }
            long silent = with.time().nanoTime() - answeredAtNanos;
            if (silent
                    > heartbeatInterval.multipliedBy(HEARTBEATS_UNANSWERED_MAX).toNanos()) {
                lost("it has not answered heartbeats for "
                        + Duration.ofNanos(silent).toMillis() + " ms");
                return;
            }
            heartbeatSequence++;
            outbox.put(Heartbeat.newBuilder()
                    .setSequence(heartbeatSequence)
                    .addAllPools(host.pools().get())
                    .build());
            flush();
            with.loop().schedule(heartbeatInterval, this::beat);
        }

        // Flow.

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

        // The end.

        private void closedByOther(Disconnect why) {
            if (state == State.ENDED) {
                return;
            }
            end();
            switch (why.kind()) {
                case NOT_LEADER -> {
                    LOG.debug(
                            "{} does not lead; the leader is {}",
                            address,
                            why.leader().orElse("not known"));
                    dial(plan.afterNotLeader(why.leader()));
                }
                case REFUSED -> {
                    complain("controller " + address + " does not take this host: " + why.message());
                    dial(plan.afterLoss());
                }
                case LOST -> {
                    complain("no stream to controller " + address + ": " + why.message());
                    dial(plan.afterLoss());
                }
            }
        }

        private void lost(String why) {
            complain("left controller " + address + ": " + why);
            end();
            dial(plan.afterLoss());
        }

        void end() {
            if (state == State.ENDED) {
                return;
            }
            if (state == State.WELCOMED) {
                with.observer().connected(false);
            }
            state = State.ENDED;
            with.instances().detach(this);
            Connection open = connection;
            if (open != null) {
                open.close();
            }
            if (current == this) {
                current = null;
            }
        }
    }
}
