package io.kelpie.it.benchmark;

import com.google.protobuf.ByteString;
import io.kelpie.common.id.VmIds;
import io.kelpie.common.time.TimeSource;
import io.kelpie.controller.leadership.ControllerSetView;
import io.kelpie.controller.leadership.LeaderTerm;
import io.kelpie.controller.leadership.Leadership;
import io.kelpie.controller.leadership.ZooKeeperLeadership;
import io.kelpie.controller.model.Controller;
import io.kelpie.controller.model.ControllerIdentity;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.store.CommitOutcome;
import io.kelpie.controller.store.RecordKey;
import io.kelpie.controller.store.Write;
import io.kelpie.controller.store.WriteBatch;
import io.kelpie.controller.store.zookeeper.ZooKeeperClient;
import io.kelpie.controller.store.zookeeper.ZooKeeperControllerSetStore;
import io.kelpie.controller.store.zookeeper.ZooKeeperStore;
import io.kelpie.controller.trust.MemoryClusterPins;
import io.kelpie.controller.trust.ShownEpochs;
import io.kelpie.it.chaos.Jobs;
import io.kelpie.proto.v1.Decision;
import io.kelpie.proto.v1.HostCapacity;
import io.kelpie.proto.v1.HostRecord;
import io.kelpie.proto.v1.JobRecord;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.Reservation;
import io.kelpie.proto.v1.RuleOutcome;
import io.kelpie.proto.v1.VmRecord;
import io.kelpie.proto.v1.VmState;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * Many hosts and running VMs, written into an empty store by the store's own code before the first controller starts.
 * None of the hosts exists. Their VMs stay where they are, so that no leader has a reason to move them.
 */
final class Population {
    private static final int VMS_PER_JOB = 1_000;
    private static final int BATCH = 250;
    private static final int IN_FLIGHT = 8;
    private static final int WAIT_SECONDS = 60;

    private final int hosts;
    private final int vms;
    private final Random random = new Random(1);
    private final List<Write> pending = new ArrayList<>();
    private final Deque<CompletableFuture<CommitOutcome>> inFlight = new ArrayDeque<>();

    Population(int hosts, int vms) {
        this.hosts = hosts;
        this.vms = vms;
    }

    /** Writes it; returns when all of it is durable. */
    void writeTo(String connectString, Map<String, String> controllers) throws Exception {
        Map.Entry<String, String> first = new TreeMap<>(controllers).firstEntry();
        ControllerIdentity identity = new ControllerIdentity(
                first.getKey(),
                first.getValue(),
                controllers.entrySet().stream()
                        .map(each -> new Controller(each.getKey(), each.getValue(), true))
                        .toList());
        try (ZooKeeperClient client = ZooKeeperClient.connect(connectString);
                ZooKeeperStore store = new ZooKeeperStore(client);
                ZooKeeperControllerSetStore setStore = new ZooKeeperControllerSetStore(client)) {
            ControllerSetView set = new ControllerSetView(setStore, identity);
            set.start();
            try (ZooKeeperLeadership leadership = new ZooKeeperLeadership(
                    client, set, new MemoryClusterPins(), new ShownEpochs(), TimeSource.system())) {
                write(store, leadership);
            }
        }
    }

    private void write(ZooKeeperStore store, Leadership leadership) throws Exception {
        BlockingQueue<LeaderTerm> terms = new LinkedBlockingQueue<>();
        leadership.start(new Leadership.Listener() {
            @Override
            public void termBegan(LeaderTerm term) {
                terms.add(term);
            }

            @Override
            public void termEnded(LeaderTerm term) {
                // A commit says so.
            }
        });
        LeaderTerm term = terms.poll(WAIT_SECONDS, TimeUnit.SECONDS);
        if (term == null) {
            throw new IllegalStateException("no term began");
        }
        List<String> hostIds = new ArrayList<>();
        for (int i = 0; i < hosts; i++) {
            HostRecord host = host(i);
            hostIds.add(host.getHostId());
            put(store, term, new RecordKey.HostKey(host.getHostId()), host.toByteString());
        }
        for (int first = 0; first < vms; first += VMS_PER_JOB) {
            JobRecord job = job(first / VMS_PER_JOB, Math.min(VMS_PER_JOB, vms - first));
            JobSpec spec = job.getSpec();
            put(
                    store,
                    term,
                    new RecordKey.JobRecordKey(new JobKey(spec.getNamespace(), spec.getName())),
                    job.toByteString());
            for (int ordinal = 0; ordinal < spec.getReplicas(); ordinal++) {
                VmRecord vm = vm(job, ordinal, hostIds.get((first + ordinal) % hosts));
                put(store, term, new RecordKey.VmKey(UUID.fromString(vm.getVmId())), vm.toByteString());
            }
        }
        flush(store, term);
        while (!inFlight.isEmpty()) {
            settleOne();
        }
    }

    private void put(ZooKeeperStore store, LeaderTerm term, RecordKey key, ByteString value) throws Exception {
        pending.add(new Write.Put(key, value, Write.ABSENT));
        if (pending.size() == BATCH) {
            flush(store, term);
        }
    }

    private void flush(ZooKeeperStore store, LeaderTerm term) throws Exception {
        if (pending.isEmpty()) {
            return;
        }
        inFlight.add(store.commit(term, new WriteBatch(pending)));
        pending.clear();
        if (inFlight.size() == IN_FLIGHT) {
            settleOne();
        }
    }

    private void settleOne() throws Exception {
        CommitOutcome outcome = inFlight.remove().get(WAIT_SECONDS, TimeUnit.SECONDS);
        if (outcome != CommitOutcome.COMMITTED) {
            throw new IllegalStateException("a batch of the population was answered " + outcome);
        }
    }

    private String uuid() {
        return new UUID(random.nextLong() & ~0xF000L | 0x4000L, random.nextLong() >>> 2 | 0x8000000000000000L)
                .toString();
    }

    private HostRecord host(int number) {
        return HostRecord.newBuilder()
                .setFormat(1)
                .setHostId(uuid())
                .setName("none-" + number)
                .putLabels("rack", "r" + number / 40)
                .setJoinedAtMillis(System.currentTimeMillis())
                .setCapacity(HostCapacity.newBuilder().setCpus(64).setMemoryMib(256 << 10))
                .setBootId(uuid())
                .build();
    }

    private JobRecord job(int number, int replicas) {
        return JobRecord.newBuilder()
                .setFormat(1)
                .setJobUid(uuid())
                .setSpec(Jobs.staying("many-" + number, replicas))
                .setVersion(1)
                .setCreatedAtMillis(System.currentTimeMillis())
                .build();
    }

    private VmRecord vm(JobRecord job, int ordinal, String hostId) {
        return VmRecord.newBuilder()
                .setFormat(1)
                .setVmId(VmIds.vmId(UUID.fromString(job.getJobUid()), ordinal).toString())
                .setJobUid(job.getJobUid())
                .setNamespace(job.getSpec().getNamespace())
                .setJob(job.getSpec().getName())
                .setOrdinal(ordinal)
                .setState(VmState.VM_STATE_RUNNING)
                .setIncarnation(1)
                .setSpecVersion(1)
                .setHostId(hostId)
                .setReservation(Reservation.newBuilder().setVcpus(1).setMemoryMib(90))
                .setStorageHostId(hostId)
                .setDecision(Decision.newBuilder()
                        .setAtMillis(System.currentTimeMillis())
                        .setHostId(hostId)
                        .setScore(50 + random.nextInt(50))
                        .setHostsConsidered(hosts)
                        .addRules(RuleOutcome.newBuilder().setRule("memory").setHostsRemoved(random.nextInt(hosts)))
                        .setIncarnation(1))
                .setStateSinceMillis(System.currentTimeMillis())
                .build();
    }
}
