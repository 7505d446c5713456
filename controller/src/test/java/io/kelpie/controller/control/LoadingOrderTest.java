package io.kelpie.controller.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import io.kelpie.common.error.KelpieException;
import io.kelpie.controller.leadership.LeaderTerm;
import io.kelpie.controller.leadership.TestTerms;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.store.CommitOutcome;
import io.kelpie.controller.store.RecordKey;
import io.kelpie.controller.store.Write;
import io.kelpie.controller.store.WriteBatch;
import io.kelpie.controller.store.memory.MemoryCluster;
import io.kelpie.controller.store.memory.MemoryStore;
import io.kelpie.proto.v1.ConnectResponse;
import io.kelpie.proto.v1.ErrorReason;
import io.kelpie.proto.v1.HostCapacity;
import io.kelpie.proto.v1.HostHealth;
import io.kelpie.proto.v1.HostRecord;
import io.kelpie.proto.v1.InstancePhase;
import io.kelpie.proto.v1.JobRecord;
import io.kelpie.proto.v1.Reservation;
import io.kelpie.proto.v1.VmRecord;
import io.kelpie.proto.v1.VmState;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** A new leader grants before it has loaded the VMs, however many. */
class LoadingOrderTest {
    private static final int HOSTS = 1_000;
    private static final int VMS = 100_000;
    private static final int VMS_PER_JOB = 1_000;

    private final MemoryCluster cluster = new MemoryCluster(UUID.randomUUID());
    private final TestTime time = new TestTime();
    private final Deque<Runnable> loads = new ArrayDeque<>();

    private TestController controller() {
        return new TestController(cluster, time, TestController.identity("c1", "c1", "c2"), loads::add);
    }

    @Test
    void knownHostsAreWelcomedAndGrantedWhileVmsAreBeingLoaded() {
        TestController first = controller();
        first.loop.start();
        first.settle();
        loads.remove().run();
        TestAgent before = first.connected("h1");
        assertThat(before.grants()).isNotEmpty();
        first.leadership.loseSession();
        first.settle();
        first.settle();
        assertThat(loads).isNotEmpty();

        TestAgent known = first.agent("h1").clusterUuid(clusterUuid(first)).holding(before);
        known.connect();
        TestAgent unknown = first.agent("h2");
        unknown.connect();
        first.settle();
        assertThat(first.loop.view()).isEmpty();
        assertThat(known.grants()).hasSize(1);
        assertThat(known.takeMessages()).singleElement().matches(ConnectResponse::hasWelcome);
        assertThat(unknown.takeMessages()).isEmpty();
        first.pass(10_000);
        assertThat(known.grants()).hasSizeGreaterThan(8);

        loads.remove().run();
        first.pass(1_000);
        assertThat(first.model().host("h1").orElseThrow().health()).isEqualTo(HostHealth.HOST_HEALTH_READY);
        assertThat(first.model().host("h2").orElseThrow().health()).isEqualTo(HostHealth.HOST_HEALTH_READY);
        assertThat(known.takeMessages()).as("welcomed once").noneMatch(ConnectResponse::hasWelcome);
    }

    @Test
    void aTwinThatComesWhileVmsAreBeingLoadedTakesNothingFromTheFirst() {
        TestController controller = controller();
        controller.loop.start();
        controller.settle();
        loads.remove().run();
        TestAgent before = controller.connected("h1");
        controller.leadership.loseSession();
        controller.settle();
        TestAgent first =
                controller.agent("h1").clusterUuid(clusterUuid(controller)).holding(before);
        first.connect();
        controller.settle();
        TestAgent twin = controller.agent("h1").clusterUuid(clusterUuid(controller));
        twin.connect();
        controller.settle();
        assertThat(twin.takeMessages()).isEmpty();
        loads.remove().run();
        controller.settle();
        assertThat(twin.closedFor().map(KelpieException::reason)).contains(ErrorReason.ERROR_REASON_HOST_ID_IN_USE);
        int grants = first.grants().size();
        controller.pass(3_000);
        assertThat(first.grants()).hasSizeGreaterThan(grants);
        assertThat(controller.model().host("h1").orElseThrow().health()).isEqualTo(HostHealth.HOST_HEALTH_READY);
    }

    @Test
    void aHundredThousandVmsDelayNoGrant() {
        fill();
        TestController controller = controller();
        List<TestAgent> agents = new ArrayList<>();
        for (int host = 0; host < HOSTS; host++) {
            TestAgent agent = controller.agent("host-" + host).clusterUuid(clusterUuid(controller));
            for (int job = 0; job < VMS / VMS_PER_JOB; job++) {
                agent.has(vmId("job-" + job, host).toString(), 1, InstancePhase.INSTANCE_PHASE_RUNNING);
            }
            agents.add(agent);
        }
        controller.loop.start();
        controller.tick();
        agents.forEach(TestAgent::connect);
        controller.tick();
        controller.tick();
        agents.forEach(TestAgent::ask);
        controller.leases.step();
        assertThat(agents)
                .as("granted before the VMs")
                .allMatch(agent -> agent.grants().size() == 1);

        loads.remove().run();
        controller.tick();
        controller.tick();
        agents.forEach(agent -> assertThat(agent.takeCommands()).isEmpty());
        assertThat(controller.model().vms()).hasSize(VMS);
    }

    private static String clusterUuid(TestController controller) {
        return LoadedTerm.clusterUuid(new LoadedHosts(
                controller.store.read(new RecordKey.ClusterKey()).join().orElseThrow(),
                Optional.empty(),
                Optional.empty(),
                List.of()));
    }

    private void fill() {
        LeaderTerm term = TestTerms.begin(cluster, TestController.identity("c1", "c1", "c2"));
        MemoryStore store = new MemoryStore(cluster);
        List<Write> writes = new ArrayList<>();
        for (int host = 0; host < HOSTS; host++) {
            String id = hostId(host);
            writes.add(put(
                    new RecordKey.HostKey(id),
                    HostRecord.newBuilder()
                            .setHostId(id)
                            .setName("host-" + host)
                            .setBootId("boot-1")
                            .setCapacity(HostCapacity.newBuilder().setCpus(64).setMemoryMib(512 * 1024))
                            .build()));
        }
        for (int job = 0; job < VMS / VMS_PER_JOB; job++) {
            String name = "job-" + job;
            UUID uid = jobUid(name);
            writes.add(put(
                    new RecordKey.JobRecordKey(new JobKey("default", name)),
                    JobRecord.newBuilder()
                            .setJobUid(uid.toString())
                            .setSpec(TestController.job(name, VMS_PER_JOB))
                            .setVersion(1)
                            .build()));
            for (int ordinal = 0; ordinal < VMS_PER_JOB; ordinal++) {
                UUID id = vmId(name, ordinal);
                writes.add(put(
                        new RecordKey.VmKey(id),
                        VmRecord.newBuilder()
                                .setVmId(id.toString())
                                .setJobUid(uid.toString())
                                .setNamespace("default")
                                .setJob(name)
                                .setOrdinal(ordinal)
                                .setIncarnation(1)
                                .setSpecVersion(1)
                                .setState(VmState.VM_STATE_RUNNING)
                                .setLeased(true)
                                .setHostId(hostId(ordinal))
                                .setStorageHostId(hostId(ordinal))
                                .setReservation(
                                        Reservation.newBuilder().setVcpus(1).setMemoryMib(334))
                                .build()));
            }
        }
        for (int from = 0; from < writes.size(); from += 500) {
            WriteBatch batch = new WriteBatch(writes.subList(from, Math.min(writes.size(), from + 500)));
            assertThat(store.commit(term, batch).join()).isEqualTo(CommitOutcome.COMMITTED);
        }
    }

    private static UUID jobUid(String job) {
        return UUID.nameUUIDFromBytes(job.getBytes(StandardCharsets.UTF_8));
    }

    private static UUID vmId(String job, int ordinal) {
        return new UUID(jobUid(job).getMostSignificantBits(), ordinal);
    }

    private static String hostId(int host) {
        return TestAgent.hostId("host-" + host % HOSTS);
    }

    private static Write put(RecordKey key, Message record) {
        return new Write.Put(key, record.toByteString(), Write.ABSENT);
    }
}
