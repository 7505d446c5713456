package io.kelpie.controller.scheduling.preempt;

import static io.kelpie.controller.scheduling.preempt.Cluster.host;
import static io.kelpie.controller.scheduling.preempt.Cluster.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.scheduling.TestVm;
import java.util.HashSet;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Many important requests at once on a full cluster, the most important first. */
class PreemptionStormTest {
    private static final int HOSTS = 5_000;
    private static final int REQUESTS = 1_000;

    @Test
    void eachOfAThousandRequestsOnFiveThousandFullHostsIsLittleWork() {
        Cluster.Engine engine = fullCluster().engine();
        Nominations nominations = new Nominations(engine.inventory);
        Random random = new Random(11);
        Set<UUID> ended = new HashSet<>();
        int found = 0;
        for (int i = 0; i < REQUESTS; i++) {
            TestVm request = request(random, i);
            Optional<Preemption> preemption = engine.find(request);
            if (preemption.isPresent()) {
                found++;
                Preemption one = preemption.get();
                assertThat(one.hostsTried()).isLessThanOrEqualTo(PreemptionLimits.DEFAULT.hostsMax());
                // of the last host at most six steps a VM are beyond the limit
                assertThat(one.steps()).isLessThanOrEqualTo(PreemptionLimits.DEFAULT.stepsMax() + 6 * 16);
                for (Victim victim : one.victims()) {
                    assertThat(victim.priority()).isLessThan(request.priority());
                    assertThat(ended.add(victim.vmId())).as("ended once").isTrue();
                }
                nominations.nominate(request.request(), one, 1);
            }
        }
        assertThat(found).isEqualTo(REQUESTS);
        assertThat(nominations.all()).hasSize(REQUESTS);
    }

    /** Hosts of 16 CPUs with 4 to 16 VMs of priorities 0 to 49; every third job lets go of one VM only. */
    private static Cluster fullCluster() {
        Random random = new Random(3);
        Cluster cluster = new Cluster();
        int number = 0;
        for (int i = 0; i < HOSTS; i++) {
            String name = "h" + i;
            cluster.with(host(name).cpus(16).memoryMib(65_536).label("rack", "r" + i % 100));
            for (int left = 16; left > 0; ) {
                int vcpus = Math.min(left, 1 + random.nextInt(4));
                cluster.on(
                        name,
                        vm("j" + number % 700, number)
                                .priority(random.nextInt(50))
                                .vcpus(vcpus)
                                .since(random.nextInt(1_000_000)));
                number++;
                left -= vcpus;
            }
        }
        for (int job = 0; job < 700; job += 3) {
            cluster.mayEnd("j" + job, 1);
        }
        return cluster;
    }

    private static TestVm request(Random random, int number) {
        TestVm request = vm("storm" + number % 20, number)
                .priority(99 - number * 40 / REQUESTS)
                .vcpus(1 + random.nextInt(12));
        switch (number % 20 % 4) {
            case 0 -> request.spread("rack", 1);
            case 1 -> request.awayFrom("storm" + number % 20, "host");
            case 2 -> request.awayFrom("j" + number % 20, "host");
            default -> {}
        }
        return request;
    }
}
