package io.kelpie.controller.replay;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MinHostsTest {
    @ParameterizedTest
    @CsvSource({"1,1", "1,2", "1,3", "1,100", "1,777777", "5,5", "67,77", "67,2095", "999999,1000000"})
    void findsTheLeastThatDoes(int atLeast, int least) {
        List<Integer> asked = new ArrayList<>();
        MinHosts found = MinHosts.find(atLeast, 1_000_000, hosts -> {
            asked.add(hosts);
            return hosts >= least;
        });

        assertThat(found.hosts()).hasValue(least);
        assertThat(found.monotonic()).isTrue();
        assertThat(found.checkedDownTo()).isBetween(Math.max(atLeast, least - 8), Math.max(atLeast, least - 1));
        assertThat(asked).doesNotHaveDuplicates().hasSizeLessThan(60).allMatch(hosts -> hosts >= atLeast);
    }

    @Test
    void noCountMayDo() {
        assertThat(MinHosts.find(3, 50, hosts -> false)).isEqualTo(new MinHosts(OptionalInt.empty(), 50, true));
        assertThat(MinHosts.find(3, 3, hosts -> false).hosts()).isEmpty();
    }

    @Test
    void aSmallerCountBelowTheBisectionsResultIsFoundAndSaid() {
        // 70 does by luck, 71 to 76 do not.
        MinHosts found = MinHosts.find(60, 1000, hosts -> hosts >= 77 || hosts == 70);

        assertThat(found.hosts()).hasValue(70);
        assertThat(found.monotonic()).isFalse();
        assertThat(found.checkedDownTo()).isEqualTo(62);
    }
}
