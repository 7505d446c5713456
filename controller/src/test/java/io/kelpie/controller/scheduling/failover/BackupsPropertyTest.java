package io.kelpie.controller.scheduling.failover;

import static io.kelpie.controller.scheduling.TestHost.named;
import static io.kelpie.controller.scheduling.failover.Cluster.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.model.PageSize;
import io.kelpie.controller.scheduling.NPlusOne;
import io.kelpie.controller.scheduling.TestHost;
import io.kelpie.controller.scheduling.TestVm;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever is placed and whatever goes, every VM with a backup can be started on it when its host is lost. */
class BackupsPropertyTest {
    private static final int SEEDS = 50;
    private static final int STEPS = 80;
    private static final int CHECKED_EVERY = 7;

    private final List<Integer> jobKinds = new ArrayList<>();

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void arrivalsAndDeparturesLeaveNoVmWithoutBackup(boolean crowded) {
        int placed = 0;
        int refused = 0;
        for (int seed = 0; seed < SEEDS; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            Cluster cluster = cluster(NPlusOne.ENFORCE, random);
            jobKinds.clear();
            for (int step = 0; step < STEPS; step++) {
                if (random.nextInt(crowded ? 6 : 2) > 0 || cluster.placed().isEmpty()) {
                    boolean found = cluster.place(randomVm(random, 8)).isPresent();
                    placed += found ? 1 : 0;
                    refused += found ? 0 : 1;
                } else {
                    cluster.release(any(cluster, random));
                }
                cluster.backups().settle();
                assertThat(cluster.backups().unprotected())
                        .as("seed %d, step %d", seed, step)
                        .isZero();
                if (step % CHECKED_EVERY == 0) {
                    check(cluster, seed, step);
                }
            }
        }
        assertThat(placed).isGreaterThan(SEEDS * STEPS / 4);
        assertThat(refused).isGreaterThan(SEEDS);
    }

    @ParameterizedTest
    @ValueSource(strings = {"WARN", "ENFORCE"})
    void hostsThatChangeLeaveNoWrongBackup(String policy) {
        int protectedVms = 0;
        for (int seed = 0; seed < SEEDS; seed++) {
            SplittableRandom random = new SplittableRandom(1000 + seed);
            Cluster cluster = cluster(NPlusOne.valueOf(policy), random);
            jobKinds.clear();
            for (int step = 0; step < STEPS; step++) {
                change(cluster, random);
                cluster.backups().settle();
                if (step % CHECKED_EVERY == 0) {
                    check(cluster, seed, step);
                }
            }
            cluster.backups().settleAll();
            check(cluster, seed, STEPS);
            protectedVms += cluster.placed().size() - cluster.backups().unprotected();
        }
        assertThat(protectedVms).isGreaterThan(SEEDS);
    }

    private static void check(Cluster cluster, int seed, int step) {
        assertThat(Books.check(cluster)).as("seed %d, step %d", seed, step).isEmpty();
        assertThat(LossChecker.check(cluster))
                .as("seed %d, step %d", seed, step)
                .isEmpty();
    }

    private void change(Cluster cluster, SplittableRandom random) {
        List<String> names = List.copyOf(cluster.hosts().keySet());
        TestHost host = Objects.requireNonNull(cluster.hosts().get(names.get(random.nextInt(names.size()))));
        int what = random.nextInt(12);
        if (what < 6 || cluster.placed().isEmpty()) {
            TestVm vm = randomVm(random, 10);
            cluster.place(random.nextInt(4) == 0 ? vm.returning() : vm);
        } else if (what < 9) {
            cluster.release(any(cluster, random));
        } else if (what == 9) {
            cluster.put(host.cordoned(!host.traits().cordoned()));
        } else if (what == 10) {
            boolean empty = cluster.placed().stream().noneMatch(vm -> vm.host().equals(host.name()));
            if (empty && names.size() > 3) {
                cluster.remove(host.name());
            } else if (cluster.placed().stream()
                    .noneMatch(vm -> vm.host().equals(host.name())
                            && vm.rules().partitions().isPresent())) {
                cluster.put(host.label("rack", "r" + random.nextInt(3)));
            }
        } else {
            cluster.put(randomHost("new" + random.nextInt(1_000_000), random));
        }
    }

    private static Placed any(Cluster cluster, SplittableRandom random) {
        return cluster.placed().get(random.nextInt(cluster.placed().size()));
    }

    private static Cluster cluster(NPlusOne policy, SplittableRandom random) {
        Cluster cluster = new Cluster(policy);
        int count = 4 + random.nextInt(6);
        for (int i = 0; i < count; i++) {
            cluster.put(randomHost("h" + i, random));
        }
        return cluster;
    }

    private static TestHost randomHost(String name, SplittableRandom random) {
        TestHost host = named(name)
                .size(8 + 4 * random.nextInt(3), 8_000 + 4_000 * random.nextInt(4))
                .pool("default", 40_000)
                .numaNodes(random.nextInt(3));
        if (random.nextInt(8) > 0) {
            host = host.label("rack", "r" + random.nextInt(3));
        }
        if (random.nextInt(2) == 0) {
            host = host.label("disk", "ssd");
        }
        if (random.nextInt(3) == 0) {
            host = host.devices("gpu", 1 + random.nextInt(3));
        }
        return random.nextInt(2) == 0 ? host.hugepages(PageSize.MIB_2, 4096) : host;
    }

    /** A VM of a new job or of one before; all VMs of a job have the same rules. */
    private TestVm randomVm(SplittableRandom random, int kinds) {
        int number;
        if (jobKinds.isEmpty() || random.nextInt(3) == 0) {
            number = jobKinds.size();
            jobKinds.add(random.nextInt(kinds + 2));
        } else {
            number = random.nextInt(jobKinds.size());
        }
        String job = "j" + number;
        String by = number % 2 == 0 ? "host" : "rack";
        TestVm vm = vm(job, random.nextInt(1000)).size(1 + random.nextInt(3), 500 + 500L * random.nextInt(5));
        int kind = jobKinds.get(number);
        if (kind == 0) {
            vm.awayFrom(job, by);
        } else if (kind == 1) {
            vm.awayFrom("j" + number / 2, by);
        } else if (kind == 2) {
            vm.near(job, by);
        } else if (kind == 3) {
            vm.partitions(2, by);
        } else if (kind == 4) {
            vm.spread(by, 1);
        } else if (kind == 5) {
            vm.require("disk", "ssd").disk("default", 3000);
        } else if (kind == 6) {
            vm.numaNodes(1 + number % 2);
        } else if (kind == 7) {
            vm.devices("gpu", 1);
        } else if (kind == 8) {
            vm.memoryMib(512).hugepages(PageSize.MIB_2);
        } else if (kind == 9 && number > 0) {
            if (kinds > 8) {
                vm.near("j" + (number - 1), by);
            } else {
                vm.left();
            }
        }
        return vm;
    }
}
