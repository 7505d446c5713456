package io.kelpie.controller.scheduling.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** A cell beside a plain list; a failure names the seed. */
class FitCellTest {
    private static final Comparator<Entry> ORDER = Comparator.comparingLong(Entry::amounts)
            .thenComparing(Entry::offers)
            .thenComparing(Entry::traitClass);

    private record Entry(long amounts, long offers, int traitClass, int host) {
        boolean isLike(Entry other) {
            return ORDER.compare(this, other) == 0;
        }
    }

    @Test
    void whatAPlainListSays() {
        for (long seed = 0; seed < 100; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            FitCell cell = new FitCell();
            List<Entry> list = new ArrayList<>();
            int kinds = 1 + random.nextInt(6); // few: runs of many that are alike
            for (int host = 0; host < 200; host++) {
                Entry entry = new Entry(random.nextInt(kinds), random.nextInt(kinds), random.nextInt(kinds), host);
                int at = (int) list.stream()
                        .filter(other -> ORDER.compare(other, entry) < 0)
                        .count();
                list.add(at, entry);
                cell.insert(at, entry.amounts(), entry.offers(), entry.traitClass(), entry.host());
                if (random.nextInt(4) == 0) {
                    int gone = random.nextInt(list.size());
                    list.remove(gone);
                    cell.remove(gone);
                }
            }
            compare(cell, list, kinds, seed);
        }
    }

    private static void compare(FitCell cell, List<Entry> list, int kinds, long seed) {
        assertThat(cell.size()).as("seed %d", seed).isEqualTo(list.size());
        for (int at = 0; at < list.size(); at++) {
            Entry entry = list.get(at);
            assertThat(new Entry(cell.amounts(at), cell.offers(at), cell.traitClass(at), cell.host(at)))
                    .as("seed %d, at %d", seed, at)
                    .isEqualTo(entry);
            int end = at;
            while (end < list.size() && list.get(end).isLike(entry)) {
                end++;
            }
            assertThat(cell.endOfRun(at)).as("seed %d, run at %d", seed, at).isEqualTo(end);
            for (long wanted = 0; wanted < 4; wanted++) {
                int next = at;
                while (next < list.size() && (list.get(next).offers() & wanted) != wanted) {
                    next++;
                }
                assertThat(cell.nextOffering(at, wanted))
                        .as("seed %d, %d from %d", seed, wanted, at)
                        .isEqualTo(next);
            }
        }
        for (long amounts = 0; amounts <= kinds; amounts++) {
            long least = amounts;
            assertThat(cell.placeFrom(amounts))
                    .as("seed %d, from %d", seed, amounts)
                    .isEqualTo((int) list.stream()
                            .filter(entry -> entry.amounts() < least)
                            .count());
        }
    }
}
