package io.kelpie.it.benchmark.churn;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.scheduling.HostView;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class ChurnTest {
    private static final int HOSTS = 100;
    private static final long SEED = 5;
    private static final int VMS = 60_000;

    private final ChurnPool pool = ChurnPool.of(HOSTS);

    @Test
    void theSameSeedGivesTheSamePlan() {
        long hash = churn(new KelpieEngine(pool, KelpieEngine.POLICY, SEED, new Latencies()))
                .runHashed(VMS);

        assertThat(churn(new KelpieEngine(pool, KelpieEngine.POLICY, SEED, new Latencies()))
                        .runHashed(VMS))
                .isEqualTo(hash);
        assertThat(churn(new KelpieEngine(pool, KelpieEngine.POLICY, SEED + 1, new Latencies()))
                        .runHashed(VMS))
                .isNotEqualTo(hash);
    }

    @Test
    void memoryInUseStaysInItsBand() {
        Churn churn = churn(new KelpieEngine(pool, KelpieEngine.POLICY, SEED, new Latencies()));
        churn.runHashed(VMS);

        for (int i = 0; i < 50; i++) {
            churn.runHashed(200); // no clock has a part in it
            assertThat(churn.utilisation()).isBetween(0.66, 0.90);
        }
    }

    @Test
    void aWindowCountsWhatTheEngineDid() {
        Latencies latencies = new Latencies();
        Churn churn = churn(new KelpieEngine(pool, KelpieEngine.POLICY, SEED, latencies));
        churn.runHashed(VMS);
        int before = churn.liveVms();
        latencies.clear();

        Churn.Window window = churn.run(20_000_000);

        assertThat(window.placed()).isPositive();
        assertThat(window.rejected()).isLessThan(window.placed() / 5);
        assertThat(latencies.size())
                .isBetween(1, (int) (window.placed() + window.rejected()) / 4); // of each eighth job
        assertThat(churn.liveVms() - before).isEqualTo((int) (window.placed() - window.departed()));
        assertThat(window.placedByKind().values().stream()
                        .mapToLong(Long::longValue)
                        .sum())
                .isEqualTo(window.placed());
        assertThat(window.nanos()).isGreaterThanOrEqualTo(20_000_000);
    }

    @Test
    void jobsStartInOrderWhenOthersHaveFollowed() {
        Anywhere engine = new Anywhere();

        churn(engine).runHashed(VMS);

        assertThat(engine.started).isSorted().doesNotHaveDuplicates().hasSizeGreaterThan(VMS / 10);
        assertThat(engine.followers).containsOnly(HOSTS / 4L);
    }

    @Test
    void aForkHasTheSameVmsInTheSamePlaces() {
        KelpieEngine engine = new KelpieEngine(pool, KelpieEngine.POLICY, SEED, new Latencies());
        Churn churn = churn(engine);
        churn.runHashed(VMS);
        Booking booking = new Booking();

        Churn fork = churn.fork(booking, new JobStream(Mix.ALL_RULES, SEED, HOSTS), pool);

        assertThat(fork.liveVms()).isEqualTo(churn.liveVms());
        assertThat(fork.utilisation()).isEqualTo(churn.utilisation());
        assertThat(booking.memoryMib.stream().mapToLong(Long::longValue).sum())
                .isEqualTo(Math.round(churn.utilisation() * pool.memoryMib()));
        for (int host = 0; host < HOSTS; host++) {
            assertThat(booking.memoryMib.get(host))
                    .isLessThanOrEqualTo(pool.hosts().get(host).size().memoryMib());
        }
    }

    @Test
    void aHundredHostsHaveEveryKindOfHost() {
        List<HostView> hosts = pool.hosts();

        assertThat(hosts).filteredOn(host -> host.traits().cordoned()).hasSize(1);
        assertThat(hosts).filteredOn(host -> host.traits().draining()).hasSize(1);
        assertThat(hosts).filteredOn(host -> !host.traits().ready()).hasSize(1);
        assertThat(hosts).filteredOn(host -> !host.traits().taints().isEmpty()).hasSize(5);
        assertThat(hosts).filteredOn(host -> !host.size().devices().isEmpty()).hasSize(25);
        assertThat(hosts)
                .filteredOn(host -> !host.size().hugepagesMib().isEmpty())
                .hasSize(10);
        assertThat(hosts)
                .filteredOn(host -> !host.traits().cpuModels().contains(ChurnPool.NEW_CPU))
                .hasSize(10);
    }

    private Churn churn(ChurnEngine engine) {
        return new Churn(engine, new JobStream(Mix.ALL_RULES, SEED, HOSTS), pool);
    }

    /** Has room for all, and notes who starts. */
    private static final class Anywhere implements ChurnEngine {
        private final List<Long> started = new ArrayList<>();
        private final Set<Long> followers = new TreeSet<>();
        private long placed;

        @Override
        public void place(List<ChurnJob> jobs) {
            for (ChurnJob job : jobs) {
                placed = job.number();
                for (int vm = 0; vm < job.vms(); vm++) {
                    job.seat(vm, 0);
                }
            }
        }

        @Override
        public void started(ChurnJob job) {
            started.add(job.number());
            followers.add(placed - job.number());
        }

        @Override
        public void remove(ChurnJob job) {
            for (int vm = 0; vm < job.vms(); vm++) {
                job.seat(vm, ChurnJob.NOWHERE);
            }
        }

        @Override
        public void adopt(ChurnJob job, int[] hosts) {
            throw new UnsupportedOperationException("it takes nothing over");
        }
    }

    /** Books what it is told to adopt. */
    private static final class Booking implements ChurnEngine {
        private final List<Long> memoryMib = new ArrayList<>();

        Booking() {
            for (int host = 0; host < HOSTS; host++) {
                memoryMib.add(0L);
            }
        }

        @Override
        public void place(List<ChurnJob> jobs) {
            throw new UnsupportedOperationException("it places nothing");
        }

        @Override
        public void remove(ChurnJob job) {
            throw new UnsupportedOperationException("it removes nothing");
        }

        @Override
        public void adopt(ChurnJob job, int[] hosts) {
            for (int vm = 0; vm < hosts.length; vm++) {
                if (hosts[vm] != ChurnJob.NOWHERE) {
                    memoryMib.set(
                            hosts[vm],
                            memoryMib.get(hosts[vm]) + job.reservation().memoryMib());
                    job.seat(vm, hosts[vm]);
                }
            }
        }
    }
}
