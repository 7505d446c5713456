package io.kelpie.controller.scheduling.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class IntCountsTest {
    @Test
    void itCountsLikeAMap() {
        for (long seed = 0; seed < 50; seed++) {
            Random random = new Random(seed);
            IntCounts counts = new IntCounts();
            Map<Integer, Integer> map = new TreeMap<>();
            int keys = 1 + random.nextInt(60);
            for (int step = 0; step < 400; step++) {
                int key = random.nextInt(keys) * (1 + random.nextInt(3) * 64);
                int amount = map.containsKey(key) && random.nextInt(5) < 3 ? -1 : 1;
                counts.add(key, amount);
                map.merge(key, amount, (a, b) -> a + b == 0 ? null : a + b);

                assertThat(counts.size()).isEqualTo(map.size());
                assertThat(counts.get(key)).isEqualTo(map.getOrDefault(key, 0));
            }
            TreeSet<Integer> seen = new TreeSet<>();
            for (int slot = 0; slot < counts.slots(); slot++) {
                if (counts.keyAt(slot) >= 0) {
                    seen.add(counts.keyAt(slot));
                    assertThat(counts.get(counts.keyAt(slot))).isEqualTo(map.get(counts.keyAt(slot)));
                }
            }
            assertThat(seen).as("seed %d", seed).isEqualTo(map.keySet());
        }
    }

    @Test
    void nothingIsLeftOfWhatWasCleared() {
        IntCounts counts = new IntCounts();
        for (int key = 0; key < 100; key++) {
            counts.add(key, 2);
        }
        counts.clear();
        counts.add(7, 3);

        assertThat(counts.size()).isEqualTo(1);
        assertThat(counts.get(7)).isEqualTo(3);
        assertThat(counts.get(8)).isZero();
    }
}
