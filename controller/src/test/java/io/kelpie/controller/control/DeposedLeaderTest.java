package io.kelpie.controller.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.kelpie.common.error.KelpieException;
import io.kelpie.common.lease.LeaseTimes;
import io.kelpie.common.metrics.Metrics;
import io.kelpie.common.time.TimeSource;
import io.kelpie.controller.leadership.ControllerSetView;
import io.kelpie.controller.leadership.LeaderTerm;
import io.kelpie.controller.leadership.ZooKeeperLeadership;
import io.kelpie.controller.lease.LeaderRules;
import io.kelpie.controller.lease.Leases;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.server.embedded.EmbeddedZooKeeper;
import io.kelpie.controller.store.ClusterStore;
import io.kelpie.controller.store.CommitOutcome;
import io.kelpie.controller.store.RecordKey;
import io.kelpie.controller.store.StoredRecord;
import io.kelpie.controller.store.WriteBatch;
import io.kelpie.controller.store.zookeeper.ZooKeeperClient;
import io.kelpie.controller.store.zookeeper.ZooKeeperControllerSetStore;
import io.kelpie.controller.store.zookeeper.ZooKeeperStore;
import io.kelpie.controller.trust.MemoryClusterPins;
import io.kelpie.controller.trust.ShownEpochs;
import io.kelpie.proto.v1.ApplyJobRequest;
import io.kelpie.proto.v1.Command;
import io.kelpie.proto.v1.ErrorReason;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.ZooKeeper;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two whole control loops on a real ZooKeeper. One is deposed in the narrowest place: it has planned, it believes in its
 * term, its session lives, and its commit has not left yet.
 */
class DeposedLeaderTest {
    @TempDir
    private Path folder;

    private final List<AutoCloseable> opened = new ArrayList<>();
    private final TestTime time = new TestTime();
    private EmbeddedZooKeeper server;

    /** A store that lets something happen between the plan and its commit. */
    private static final class InterruptedStore extends ForwardingStore {
        final List<CompletableFuture<CommitOutcome>> interrupted = new ArrayList<>();
        private Optional<Runnable> happens = Optional.empty();
        private Class<? extends RecordKey> beforeCommitOf = RecordKey.class;

        InterruptedStore(ClusterStore store) {
            super(store);
        }

        /** Lets something happen before the next batch that writes a record of this kind. */
        void beforeNextCommitOf(Class<? extends RecordKey> kind, Runnable what) {
            beforeCommitOf = kind;
            happens = Optional.of(what);
        }

        @Override
        public CompletableFuture<CommitOutcome> commit(LeaderTerm term, WriteBatch batch) {
            Optional<Runnable> now = happens.filter(
                    waiting -> batch.writes().stream().anyMatch(write -> beforeCommitOf.isInstance(write.key())));
            if (now.isEmpty()) {
                return super.commit(term, batch);
            }
            happens = Optional.empty();
            now.get().run();
            CompletableFuture<CommitOutcome> outcome = super.commit(term, batch);
            interrupted.add(outcome);
            return outcome;
        }
    }

    /** A controller on the test's thread, with a session of its own. */
    private final class Controller {
        final ZooKeeperClient client;
        final InterruptedStore store;
        final ControlQueue queue = new ControlQueue();
        final Leases leases;
        final ControlLoop loop;
        private final List<TestAgent> agents = new ArrayList<>();

        Controller(String id) throws Exception {
            client = open(ZooKeeperClient.connect(server.connectString()));
            store = open(new InterruptedStore(new ZooKeeperStore(client)));
            ControllerSetView controllers = new ControllerSetView(
                    open(new ZooKeeperControllerSetStore(client)), TestController.identity(id, "c1", "c2"));
            controllers.start();
            ZooKeeperLeadership leadership = open(new ZooKeeperLeadership(
                    client, controllers, new MemoryClusterPins(), new ShownEpochs(), TimeSource.system()));
            leases = new Leases(
                    store,
                    LeaseTimes.DEFAULT,
                    LeaderRules.SAFE,
                    time,
                    ControlLoop.leaseListener(queue),
                    Leases.Meter.NONE);
            loop = new ControlLoop(
                    queue,
                    store,
                    leadership,
                    leases,
                    Runnable::run,
                    SchedulingPolicy.DEFAULT,
                    new Membership(controllers, ControllerReach.ALL),
                    time,
                    new ControlMetrics(new Metrics(), queue));
            loop.start();
        }

        TestAgent agent(String host) {
            TestAgent agent = new TestAgent(queue, leases, time, host);
            agents.add(agent);
            return agent;
        }

        void tick() {
            agents.forEach(TestAgent::ask);
            leases.step();
            try {
                loop.tick(0);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        boolean leads() {
            tick();
            return loop.view().isPresent();
        }

        Controller leading() {
            eventually().until(this::leads);
            return this;
        }

        CompletableFuture<ByteString> apply(String job, int replicas) {
            CompletableFuture<ByteString> answer = new CompletableFuture<>();
            ApplyJobRequest request = ApplyJobRequest.newBuilder()
                    .setSpec(TestController.job(job, replicas))
                    .build();
            queue.offer(new ControlEvent.OperatorCall(
                    UUID.randomUUID(), ByteString.EMPTY, JobOperations.apply(request, UUID.randomUUID()), answer));
            return answer;
        }

        /** Ticks until the call is answered. */
        CompletableFuture<ByteString> answered(CompletableFuture<ByteString> call) {
            eventually().until(() -> {
                tick();
                return call.isDone();
            });
            return call;
        }

        TestAgent connected(String host) {
            TestAgent agent = agent(host);
            agent.connect();
            eventually().until(() -> {
                tick();
                return !get(store.readHosts()).isEmpty();
            });
            return agent;
        }

        /** The next commands that the agent is sent. */
        List<Command> commandsTo(TestAgent agent) {
            List<Command> commands = new ArrayList<>();
            eventually().until(() -> {
                tick();
                commands.addAll(agent.takeCommands());
                return !commands.isEmpty();
            });
            return commands;
        }

        /** All that the store holds of jobs and their VMs. */
        Set<StoredRecord> storedOfJobs() {
            Set<StoredRecord> records = new HashSet<>(get(store.readJobs()));
            records.addAll(get(store.readVms()));
            records.addAll(get(store.readRequests()));
            return records;
        }

        /** All that the store holds. */
        Set<StoredRecord> stored() {
            Set<StoredRecord> records = storedOfJobs();
            records.addAll(get(store.readHosts()));
            records.addAll(get(store.readCapabilities()));
            return records;
        }
    }

    @BeforeEach
    void startServer() throws Exception {
        server = open(EmbeddedZooKeeper.start(folder, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)));
    }

    @AfterEach
    void closeAll() throws Exception {
        for (int i = opened.size() - 1; i >= 0; i--) {
            opened.get(i).close();
        }
    }

    @Test
    void aJobThatADeposedLeaderHasPlannedIsNeitherStoredNorStartedNorConfirmed() throws Exception {
        Controller old = new Controller("c1").leading();
        TestAgent agent = old.connected("h1");
        Controller next = new Controller("c2");
        Set<StoredRecord> before = old.stored();

        old.store.beforeNextCommitOf(RecordKey.JobRecordKey.class, () -> depose(old, next));
        CompletableFuture<ByteString> call = old.apply("web", 2);

        assertThat(reason(old.answered(call))).isEqualTo(ErrorReason.ERROR_REASON_OUTCOME_UNKNOWN);
        assertRefused(old);
        assertThat(agent.takeCommands()).isEmpty();
        assertThat(agent.closedFor().map(KelpieException::reason)).contains(ErrorReason.ERROR_REASON_NOT_LEADER);
        assertThat(next.stored()).isEqualTo(before);
        assertThat(next.leads()).isTrue();

        // It is not a leader that can be asked any more, and the new one goes on undisturbed.
        assertThat(reason(old.answered(old.apply("web", 2)))).isEqualTo(ErrorReason.ERROR_REASON_NOT_LEADER);
        eventually()
                .until(() -> "c2:7400".equals(old.loop.notLeader().metadata().get("leader")));
        assertThat(next.answered(next.apply("web", 1))).isCompleted();
        TestAgent followed = next.connected("h1");
        assertThat(next.commandsTo(followed)).hasSize(1).allMatch(Command::hasStart);
    }

    @Test
    void aPlacementThatADeposedLeaderHasPlannedIsMadeByTheNextOneAlone() throws Exception {
        Controller old = new Controller("c1").leading();
        assertThat(old.answered(old.apply("web", 1))).isCompleted();
        Controller next = new Controller("c2");
        Set<StoredRecord> before = old.storedOfJobs();

        old.store.beforeNextCommitOf(RecordKey.VmKey.class, () -> depose(old, next));
        TestAgent agent = old.agent("h1");
        agent.connect();
        eventually().until(() -> {
            old.tick();
            return old.loop.view().isEmpty();
        });

        assertRefused(old);
        assertThat(agent.takeCommands()).isEmpty();
        assertThat(next.storedOfJobs()).isEqualTo(before);

        List<Command> commands = next.commandsTo(next.connected("h1"));
        assertThat(commands).hasSize(1);
        assertThat(commands.get(0).hasStart()).isTrue();
        assertThat(commands.get(0).getIncarnation()).isEqualTo(1);
        assertThat(commands.get(0).getEpoch()).isEqualTo(2);
    }

    /** Takes the leader's place in the line away, without its session, and lets the other begin its term. */
    private static void depose(Controller old, Controller next) {
        try {
            ZooKeeper zooKeeper = old.client.curator().getZookeeperClient().getZooKeeper();
            String line = old.client.layout().election();
            String first = zooKeeper.getChildren(line, false).stream()
                    .min(Comparator.comparing(name -> name.substring(name.lastIndexOf('-') + 1)))
                    .orElseThrow();
            next.client.curator().getZookeeperClient().getZooKeeper().delete(line + "/" + first, -1);
        } catch (Exception e) {
            throw new AssertionError("cannot depose", e);
        }
        next.leading();
    }

    /** ZooKeeper itself has refused it: the session lived, and it was heard. */
    private static void assertRefused(Controller old) {
        assertThat(old.store.interrupted).hasSize(1);
        assertThat(get(old.store.interrupted.get(0))).isEqualTo(CommitOutcome.TERM_ENDED);
        assertThat(old.client.isConnected()).isTrue();
    }

    private <T extends AutoCloseable> T open(T closeable) {
        opened.add(closeable);
        return closeable;
    }

    private static ErrorReason reason(CompletableFuture<ByteString> answer) {
        CompletionException failure = catchThrowableOfType(CompletionException.class, answer::join);
        assertThat(failure).hasCauseInstanceOf(KelpieException.class);
        return failure.getCause() instanceof KelpieException cause
                ? cause.reason()
                : ErrorReason.ERROR_REASON_UNSPECIFIED;
    }

    private static ConditionFactory eventually() {
        return await().atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(10))
                .pollInSameThread();
    }

    private static <T> T get(CompletableFuture<T> future) {
        return future.orTimeout(30, TimeUnit.SECONDS).join();
    }
}
