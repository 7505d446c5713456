package io.kelpie.controller.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Message;
import io.kelpie.controller.control.ParsedState.Parsed;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.store.RecordKey;
import io.kelpie.controller.view.EventLog;
import io.kelpie.controller.view.ReadModel;
import io.kelpie.proto.v1.CapabilitiesRecord;
import io.kelpie.proto.v1.HostCapabilities;
import io.kelpie.proto.v1.HostCapacity;
import io.kelpie.proto.v1.HostRecord;
import io.kelpie.proto.v1.JobRecord;
import io.kelpie.proto.v1.Pool;
import io.kelpie.proto.v1.PoolReservation;
import io.kelpie.proto.v1.Reservation;
import io.kelpie.proto.v1.SparedInstance;
import io.kelpie.proto.v1.VmRecord;
import io.kelpie.proto.v1.VmState;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A state that is loaded at once is the one that the same records give when they come one by one. */
class BulkLoadTest {
    private static final long FIRST_VERSION = 1L << 32;
    private static final List<VmState> STATES = List.of(
            VmState.VM_STATE_PENDING,
            VmState.VM_STATE_PLACED,
            VmState.VM_STATE_STARTING,
            VmState.VM_STATE_RUNNING,
            VmState.VM_STATE_STOPPING,
            VmState.VM_STATE_STOPPED,
            VmState.VM_STATE_FAILED,
            VmState.VM_STATE_DELETED);

    private final TestTime time = new TestTime();

    /** A leader's state and what it shows. */
    private final class Side {
        final ReadModel view = new ReadModel(FIRST_VERSION);
        final ClusterEditor cluster = new ClusterEditor(time, view, new EventLog(time));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
    void isWhatTheRecordsGiveOneByOne(long seed) {
        ParsedState state = generate(new Random(seed));
        Side bulk = new Side();
        bulk.cluster.load(state);
        Side single = new Side();
        single.cluster.load(withVms(state, List.of()));
        for (Parsed<VmRecord> vm : state.vms()) {
            add(single.cluster, vm.record());
        }

        assertThat(bulk.view.vms()).isEqualTo(single.view.vms());
        assertThat(bulk.view.jobs()).isEqualTo(single.view.jobs());
        assertThat(bulk.view.hosts()).isEqualTo(single.view.hosts());
        assertThat(bulk.cluster.vms()).hasSameSizeAs(state.vms());
        for (JobEntry job : single.cluster.jobs()) {
            JobEntry loaded = bulk.cluster.job(job.key()).orElseThrow();
            assertThat(loaded.vms.keySet()).containsExactlyElementsOf(job.vms.keySet());
            loaded.vms.forEach((ordinal, vm) -> {
                VmEntry other = Objects.requireNonNull(job.vms.get(ordinal));
                assertThat(vm.record()).isEqualTo(other.record());
                assertThat(vm.version()).isEqualTo(other.version());
                assertThat(bulk.cluster.vm(other.id())).containsSame(vm);
            });
        }
        for (HostEntry host : single.cluster.hosts()) {
            HostEntry loaded = bulk.cluster.host(host.id()).orElseThrow();
            assertThat(loaded.reserved()).isEqualTo(host.reserved());
            assertThat(loaded.placed()).isEqualTo(host.placed());
            assertThat(loaded.held()).isEqualTo(host.held());
            assertThat(loaded.leasedInstances()).isEqualTo(host.leasedInstances());
        }
        assertThat(bulk.cluster.passing())
                .extracting(VmEntry::id)
                .containsExactlyInAnyOrderElementsOf(
                        single.cluster.passing().stream().map(VmEntry::id).toList());
        assertThat(bulk.cluster.withSpared())
                .extracting(VmEntry::id)
                .containsExactlyInAnyOrderElementsOf(
                        single.cluster.withSpared().stream().map(VmEntry::id).toList());
        assertThat(bulk.cluster.pending())
                .extracting(VmEntry::id)
                .containsExactlyInAnyOrderElementsOf(
                        single.cluster.pending().stream().map(VmEntry::id).toList());
        assertThat(bulk.cluster.takeJobsToReconcile())
                .extracting(JobEntry::key)
                .containsExactlyInAnyOrderElementsOf(single.cluster.takeJobsToReconcile().stream()
                        .map(JobEntry::key)
                        .toList());
    }

    @Test
    void theQueueGoesOnInTheOrderInWhichVmsBeganToWait() {
        Side side = new Side();
        side.cluster.load(generate(new Random(7)));
        assertThat(side.cluster.pending().stream()
                        .map(vm -> vm.record().getStateSinceMillis())
                        .toList())
                .hasSizeGreaterThan(3)
                .isSorted();
    }

    @Test
    void aWatchOfAnEarlierTermBeginsAnewAndOneOfThisTermHasMissedNothing() {
        Side side = new Side();
        side.cluster.load(generate(new Random(1)));
        assertThat(side.view.changesAfter(FIRST_VERSION - 1)).isEmpty();
        assertThat(side.view.changesAfter(side.view.version())).contains(List.of());
    }

    @Test
    void aVmWithoutItsJobIsRefused() {
        ParsedState state = generate(new Random(1));
        VmRecord vm = state.vms().get(0).record();
        for (VmRecord stray : List.of(
                vm.toBuilder().setJob("none").build(),
                vm.toBuilder().setJobUid(UUID.randomUUID().toString()).build())) {
            Side side = new Side();
            assertThatThrownBy(() -> side.cluster.load(withVms(state, List.of(vmParsed(stray)))))
                    .isInstanceOf(IllegalStateException.class);
        }
    }

    private static void add(ClusterEditor cluster, VmRecord record) {
        JobEntry job = cluster.job(Records.jobKey(record)).orElseThrow();
        Unit unit = new Unit();
        VmEntry vm = cluster.createVm(
                job,
                VmRecord.newBuilder()
                        .setVmId(record.getVmId())
                        .setJobUid(record.getJobUid())
                        .setNamespace(record.getNamespace())
                        .setJob(record.getJob())
                        .setOrdinal(record.getOrdinal())
                        .setState(VmState.VM_STATE_PENDING)
                        .build(),
                unit);
        cluster.putVm(vm, record, unit);
        unit.runEffects();
    }

    private static ParsedState withVms(ParsedState state, List<Parsed<VmRecord>> vms) {
        return new ParsedState(
                state.config(),
                state.controllers(),
                state.hosts(),
                state.capabilities(),
                state.jobs(),
                vms,
                state.requests());
    }

    private static Parsed<VmRecord> vmParsed(VmRecord record) {
        return parsed(new RecordKey.VmKey(UUID.fromString(record.getVmId())), record);
    }

    private static <M extends Message> Parsed<M> parsed(RecordKey key, M record) {
        return new Parsed<>(key, record, 0);
    }

    /** VMs in no order, some on hosts that are not there, with files elsewhere than they run, or with gaps between them. */
    private static ParsedState generate(Random random) {
        List<Parsed<HostRecord>> hosts = new ArrayList<>();
        List<Parsed<CapabilitiesRecord>> capabilities = new ArrayList<>();
        for (int i = 0; i < 1 + random.nextInt(5); i++) {
            String id = uuid(random);
            hosts.add(parsed(
                    new RecordKey.HostKey(id),
                    HostRecord.newBuilder()
                            .setFormat(1)
                            .setHostId(id)
                            .setName("h" + i)
                            .setCapacity(HostCapacity.newBuilder().setCpus(64).setMemoryMib(1 << 18))
                            .build()));
            capabilities.add(parsed(
                    new RecordKey.CapabilitiesKey(id),
                    CapabilitiesRecord.newBuilder()
                            .setFormat(1)
                            .setCapabilities(HostCapabilities.newBuilder()
                                    .addPools(Pool.newBuilder().setName("default")))
                            .build()));
        }
        List<String> hostIds = new ArrayList<>(List.of("", uuid(random)));
        hosts.forEach(host -> hostIds.add(host.record().getHostId()));
        List<Parsed<JobRecord>> jobs = new ArrayList<>();
        List<Parsed<VmRecord>> vms = new ArrayList<>();
        for (int i = 0; i < 1 + random.nextInt(6); i++) {
            String name = "job-" + random.nextInt(1_000) + "-" + i;
            String uid = uuid(random);
            jobs.add(parsed(
                    new RecordKey.JobRecordKey(new JobKey("default", name)),
                    JobRecord.newBuilder()
                            .setFormat(1)
                            .setJobUid(uid)
                            .setSpec(TestController.job(name, 30))
                            .setVersion(1)
                            .build()));
            for (int ordinal = 0; ordinal < 30; ordinal++) {
                if (random.nextInt(4) > 0) {
                    vms.add(vmParsed(vm(random, uid, name, ordinal, hostIds)));
                }
            }
        }
        Collections.shuffle(vms, random);
        return new ParsedState(Optional.empty(), Optional.empty(), hosts, capabilities, jobs, vms, List.of());
    }

    private static VmRecord vm(Random random, String jobUid, String job, int ordinal, List<String> hostIds) {
        VmRecord.Builder vm = VmRecord.newBuilder()
                .setFormat(1)
                .setVmId(uuid(random))
                .setJobUid(jobUid)
                .setNamespace("default")
                .setJob(job)
                .setOrdinal(ordinal)
                .setState(STATES.get(random.nextInt(STATES.size())))
                .setIncarnation(1 + random.nextInt(3))
                .setSpecVersion(1)
                .setStateSinceMillis(random.nextInt(1_000))
                .setHostId(hostIds.get(random.nextInt(hostIds.size())))
                .setStorageHostId(hostIds.get(random.nextInt(hostIds.size())))
                .setLeased(random.nextBoolean())
                .setReservation(Reservation.newBuilder()
                        .setVcpus(1 + random.nextInt(4))
                        .setMemoryMib(100 + random.nextInt(100))
                        .addPools(
                                PoolReservation.newBuilder().setPool("default").setSizeMib(random.nextInt(1_000))));
        if (random.nextInt(5) == 0) {
            vm.addSpared(SparedInstance.getDefaultInstance());
        }
        return vm.build();
    }

    private static String uuid(Random random) {
        return new UUID(random.nextLong(), random.nextLong()).toString();
    }
}
