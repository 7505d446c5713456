package io.kelpie.controller.scheduling.engine;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.model.JobKey;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class InstanceNumbersTest {
    private static JobMembers job(int number) {
        return new JobMembers(new JobKey("default", "job-" + number));
    }

    @Test
    void thoseOfAJobAreNeighboursThoughOthersComeBetween() {
        InstanceNumbers numbers = new InstanceNumbers();
        JobMembers one = job(1);
        JobMembers other = job(2);
        List<Integer> ofOne = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            ofOne.add(numbers.take(one, 4));
            numbers.take(other, 0);
        }

        assertThat(ofOne).isEqualTo(List.of(ofOne.get(0), ofOne.get(0) + 1, ofOne.get(0) + 2, ofOne.get(0) + 3));
    }

    /** Jobs come and go: no number is used twice at once, and those that are gone are used again. */
    @Test
    void eachIsUsedByOneAtATime() {
        for (long seed = 0; seed < 20; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            InstanceNumbers numbers = new InstanceNumbers();
            Map<Integer, JobMembers> used = new HashMap<>();
            List<JobMembers> jobs = new ArrayList<>();
            Set<Integer> ever = new HashSet<>();
            for (int step = 0; step < 20_000; step++) {
                if (jobs.isEmpty() || random.nextInt(10) == 0) {
                    jobs.add(job(step));
                }
                if (used.size() < 50 || (used.size() < 200 && random.nextBoolean())) {
                    JobMembers members = jobs.get(random.nextInt(jobs.size()));
                    int number = numbers.take(members, random.nextInt(12));
                    assertThat(used.put(number, members))
                            .as("seed %d: number %d", seed, number)
                            .isNull();
                    ever.add(number);
                } else {
                    int number = List.copyOf(used.keySet()).get(random.nextInt(used.size()));
                    numbers.giveBack(number, requireNonNull(used.remove(number)));
                }
            }
            assertThat(ever).as("seed %d", seed).hasSizeLessThan(3_000);
        }
    }
}
