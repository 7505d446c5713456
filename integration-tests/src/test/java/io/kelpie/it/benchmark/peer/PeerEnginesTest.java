package io.kelpie.it.benchmark.peer;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.scheduling.HostView;
import io.kelpie.it.benchmark.churn.Churn;
import io.kelpie.it.benchmark.churn.ChurnEngine;
import io.kelpie.it.benchmark.churn.ChurnJob;
import io.kelpie.it.benchmark.churn.ChurnPool;
import io.kelpie.it.benchmark.churn.JobStream;
import io.kelpie.it.benchmark.churn.KelpieEngine;
import io.kelpie.it.benchmark.churn.Kind;
import io.kelpie.it.benchmark.churn.Latencies;
import io.kelpie.it.benchmark.churn.Mix;
import io.kelpie.it.benchmark.churn.PlainScanEngine;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The peers do the work that they are measured at: they place, keep the rules that they were given, and give room back. */
class PeerEnginesTest {
    private static final int HOSTS = 100;
    private static final int OVERCOMMIT = 400;
    private static final long SEED = 3;
    private static final int VMS = 400;

    private final ChurnPool pool = ChurnPool.of(HOSTS);

    @Test
    void fenzoOneByOne() {
        try (FenzoEngine engine = new FenzoEngine(pool, OVERCOMMIT)) {
            assertThat(placesAll(engine)).isTrue();
        }
    }

    @Test
    void fenzoInBatches() {
        try (FenzoEngine engine = new FenzoEngine(pool, OVERCOMMIT)) {
            engine.batchVms(100);
            assertThat(placesAll(engine)).isTrue();
        }
    }

    @Test
    void timefold() {
        assertThat(placesAll(new TimefoldEngine(pool, OVERCOMMIT))).isTrue();
    }

    @Test
    void plainScanKeepsRoomAlone() {
        PlainScanEngine engine = new PlainScanEngine(pool, OVERCOMMIT);
        List<ChurnJob> jobs = jobs();

        engine.place(jobs);

        assertNoHostIsTooFull(jobs);
        assertThat(jobs).allSatisfy(job -> assertThat(job.placed()).isEqualTo(job.vms()));
    }

    @Test
    void peersGoOnFromWhereKelpieIs() {
        Churn kelpie = new Churn(
                new KelpieEngine(pool, KelpieEngine.POLICY, SEED, new Latencies()),
                new JobStream(Mix.ALL_RULES, SEED, HOSTS),
                pool);
        kelpie.runHashed(10_000);
        try (FenzoEngine fenzo = new FenzoEngine(pool, OVERCOMMIT);
                TimefoldEngine timefold = new TimefoldEngine(pool, OVERCOMMIT)) {
            for (ChurnEngine peer : List.of(fenzo, timefold, new PlainScanEngine(pool, OVERCOMMIT))) {
                Churn.Window window = kelpie.fork(peer, new JobStream(Mix.ALL_RULES, SEED, HOSTS), pool)
                        .run(50_000_000);

                assertThat(window.placed()).isPositive();
                assertThat(window.departed()).isPositive();
                assertThat(window.rejected()).isLessThan(window.placed());
            }
        }
    }

    private boolean placesAll(ChurnEngine engine) {
        List<ChurnJob> jobs = jobs();
        engine.place(jobs);
        assertNoHostIsTooFull(jobs);
        assertRulesAreKept(jobs);
        long placed = jobs.stream().mapToLong(ChurnJob::placed).sum();
        long wanted = jobs.stream().mapToLong(ChurnJob::vms).sum();
        jobs.forEach(engine::remove);
        assertThat(jobs).allSatisfy(job -> assertThat(job.placed()).isZero());
        engine.place(jobs);
        assertNoHostIsTooFull(jobs);
        long placedAgain = jobs.stream().mapToLong(ChurnJob::placed).sum();
        return placed > 0.9 * wanted && placedAgain > 0.9 * wanted;
    }

    /** Jobs whose rules are about themselves. */
    private static List<ChurnJob> jobs() {
        JobStream stream = new JobStream(Mix.ALL_RULES, SEED, HOSTS);
        List<ChurnJob> jobs = new ArrayList<>();
        int vms = 0;
        for (long number = 0; vms < VMS; number++) {
            ChurnJob job = stream.job(number);
            jobs.add(job);
            vms += job.vms();
        }
        return jobs;
    }

    private void assertNoHostIsTooFull(List<ChurnJob> jobs) {
        long[] vcpus = new long[HOSTS];
        long[] memoryMib = new long[HOSTS];
        for (ChurnJob job : jobs) {
            for (int vm = 0; vm < job.vms(); vm++) {
                if (job.seat(vm) != ChurnJob.NOWHERE) {
                    vcpus[job.seat(vm)] += job.reservation().vcpus();
                    memoryMib[job.seat(vm)] += job.reservation().memoryMib();
                }
            }
        }
        for (int host = 0; host < HOSTS; host++) {
            HostView view = pool.hosts().get(host);
            assertThat(vcpus[host]).isLessThanOrEqualTo(view.size().cpus() * OVERCOMMIT / 100);
            assertThat(memoryMib[host]).isLessThanOrEqualTo(view.size().memoryMib());
        }
    }

    private void assertRulesAreKept(List<ChurnJob> jobs) {
        for (ChurnJob job : jobs) {
            List<Map<String, String>> labels = new ArrayList<>();
            Set<Integer> hosts = new HashSet<>();
            for (int vm = 0; vm < job.vms(); vm++) {
                if (job.seat(vm) != ChurnJob.NOWHERE) {
                    HostView host = pool.hosts().get(job.seat(vm));
                    assertThat(host.traits().ready() && !host.traits().cordoned())
                            .isTrue();
                    labels.add(host.traits().labels());
                    hosts.add(job.seat(vm));
                }
            }
            job.request(0)
                    .rules()
                    .require()
                    .forEach(wish -> assertThat(labels)
                            .allSatisfy(of -> assertThat(wish.in()).contains(of.getOrDefault(wish.label(), ""))));
            if (job.kind() == Kind.ANTI_AFFINITY) {
                job.request(0).rules().antiAffinity().stream()
                        .filter(rule -> rule.required()
                                && rule.job().equals(job.request(0).job()))
                        .forEach(rule -> assertThat(hosts).hasSize(job.placed()));
            }
            if (job.kind() == Kind.AFFINITY && job.placed() > 0) {
                job.request(0).rules().affinity().stream()
                        .filter(rule -> rule.required() && rule.by().equals("host"))
                        .forEach(rule -> assertThat(hosts).hasSize(1));
            }
        }
    }
}
