package io.kelpie.it.benchmark.peer;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.model.AffinityRule;
import io.kelpie.controller.model.PlacementRules;
import io.kelpie.controller.model.SpreadRule;
import io.kelpie.it.benchmark.churn.ChurnJob;
import io.kelpie.it.benchmark.churn.ChurnPool;
import io.kelpie.it.benchmark.churn.JobStream;
import io.kelpie.it.benchmark.churn.Mix;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

class PeerRulesTest {
    private static final int HOSTS = 200;
    /** Hosts 0 to 19 are in rack r0 and zone z0, 20 to 39 in r1 and z1, 60 to 79 in r3 and z0. */
    private static final int FIRST = 0;

    private static final int SAME_RACK = 1;
    private static final int OTHER_ZONE = 20;
    private static final int SAME_ZONE = 60;

    private final PeerRules rules = new PeerRules(ChurnPool.of(HOSTS));

    @Test
    void spreadByZoneFillsTheEmptyOnesFirst() {
        ChurnJob job = job(of -> of.spread().contains(new SpreadRule(ChurnPool.ZONE, 1)));
        job.seat(0, FIRST);

        assertThat(rules.allows(job, 1, SAME_ZONE)).isFalse();
        assertThat(rules.allows(job, 1, OTHER_ZONE)).isTrue();

        job.seat(1, OTHER_ZONE);
        job.seat(2, 40); // the third zone
        assertThat(rules.allows(job, 3, SAME_ZONE)).isTrue();
    }

    @Test
    void antiAffinityByHostKeepsApart() {
        ChurnJob job = job(of -> of.antiAffinity().stream().anyMatch(PeerRulesTest::isRequiredByHost));
        job.seat(0, FIRST);

        assertThat(rules.allows(job, 1, FIRST)).isFalse();
        assertThat(rules.allows(job, 1, SAME_RACK)).isTrue();
    }

    @Test
    void affinityByHostKeepsTogether() {
        ChurnJob job = job(of -> of.affinity().stream().anyMatch(PeerRulesTest::isRequiredByHost));

        assertThat(rules.allows(job, 0, OTHER_ZONE)).isTrue();

        job.seat(0, FIRST);
        assertThat(rules.allows(job, 1, FIRST)).isTrue();
        assertThat(rules.allows(job, 1, SAME_RACK)).isFalse();
    }

    @Test
    void partitionsAreNotInOneRack() {
        ChurnJob job = job(of -> of.partitions().isPresent());
        job.seat(0, FIRST);

        assertThat(rules.allows(job, 1, SAME_RACK)).isFalse();
        assertThat(rules.allows(job, 3, SAME_RACK)).isTrue(); // the same partition as the first
        assertThat(rules.allows(job, 1, OTHER_ZONE)).isTrue();
    }

    @Test
    void requiredLabelsAndTaintsAreTraits() {
        boolean[] ssd = rules.traits(job(
                of -> of.require().stream().anyMatch(wish -> wish.label().equals(ChurnPool.DISK))));
        boolean[] tolerant = rules.traits(job(of -> !of.tolerations().isEmpty()));
        int tainted = taintedHost();

        assertThat(ssd[tainted]).isFalse();
        assertThat(tolerant[tainted]).isTrue();
        for (int host = 0; host < HOSTS; host++) {
            if (ssd[host]) {
                assertThat(ChurnPool.of(HOSTS).hosts().get(host).traits().labels())
                        .containsEntry(ChurnPool.DISK, "ssd");
            }
        }
    }

    private static int taintedHost() {
        ChurnPool pool = ChurnPool.of(HOSTS);
        int host = 0;
        while (pool.hosts().get(host).traits().taints().isEmpty()) {
            host++;
        }
        return host;
    }

    private static boolean isRequiredByHost(AffinityRule rule) {
        return rule.required() && rule.by().equals(SpreadRule.HOST);
    }

    /** The first job of four VMs or more with such rules about itself. */
    private static ChurnJob job(Predicate<PlacementRules> wanted) {
        JobStream stream = new JobStream(Mix.ALL_RULES, 1, HOSTS);
        for (long number = 0; ; number++) {
            ChurnJob job = stream.job(number);
            PlacementRules of = job.request(0).rules();
            boolean aboutItself = of.antiAffinity().stream()
                    .allMatch(rule -> rule.job().equals(job.request(0).job()));
            if (job.vms() >= 4 && aboutItself && wanted.test(of)) {
                return job;
            }
        }
    }
}
