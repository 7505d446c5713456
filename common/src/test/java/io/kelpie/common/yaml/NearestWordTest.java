package io.kelpie.common.yaml;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearestWordTest {
    private static final List<String> KNOWN = List.of("vcpus", "memory", "boot", "root", "disks", "networks");

    @ParameterizedTest
    @CsvSource({
        "memroy,memory",
        "memry,memory",
        "Memory,memory",
        "vcpu,vcpus",
        "disk,disks",
        "nets,",
        "network,networks",
        "bott,boot",
        "rot,root",
        "colour,",
        "x,",
        "'',",
    })
    void findsWhatWasProbablyMeant(String typed, String meant) {
        assertThat(NearestWord.of(typed, KNOWN)).isEqualTo(meant);
    }

    @Test
    void aHugeWordIsNothing() {
        assertThat(NearestWord.of("m".repeat(1_000_000), KNOWN)).isNull();
    }

    @Test
    void swappedNeighboursAreOneMistake() {
        assertThat(NearestWord.of("jbos", List.of("jobs"))).isEqualTo("jobs");
    }
}
