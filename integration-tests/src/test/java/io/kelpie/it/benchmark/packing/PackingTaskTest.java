package io.kelpie.it.benchmark.packing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kelpie.controller.replay.TraceVm;
import io.kelpie.it.benchmark.measure.BadOptionException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PackingTaskTest {
    private static PackingTask of(Map<String, String> options) throws BadOptionException {
        return PackingTask.of(name -> Optional.ofNullable(options.get(name)));
    }

    @Test
    void withoutOptionsAllTablesAreMade() throws Exception {
        assertThat(of(Map.of())).isEqualTo(new PackingTask.Tables(List.of("topology", "cloud", "openb")));
        assertThat(of(Map.of("--data", "there", "--traces", "cloud")))
                .isEqualTo(new PackingTask.Tables(List.of("cloud")));
    }

    @Test
    void onlyFilesNeedAFolder() {
        assertThat(new PackingTask.Tables(List.of("cloud")).readsData()).isFalse();
        assertThat(new PackingTask.Tables(List.of("cloud", "openb")).readsData())
                .isTrue();
    }

    @Test
    void seedsAndKindsHaveDefaultsOfEachOther() throws Exception {
        assertThat(of(Map.of("--seeds", "7-9")))
                .isEqualTo(new PackingTask.Seeds(new SeedRange(7, 9), HostKind.OF_CLOUDS));
        assertThat(of(Map.of("--kinds", "96x288,64x256x2")))
                .isEqualTo(new PackingTask.Seeds(
                        PackingTask.UNSEEN_SEEDS, List.of(HostKind.of("96x288"), HostKind.of("64x256x2"))));
    }

    @Test
    void perturbTakesTheTraceThatNeedsAHostMore() throws Exception {
        assertThat(of(Map.of("--perturb", "200")))
                .isEqualTo(new PackingTask.Perturb(new SeedRange(1, 1), List.of(HostKind.of("128x320")), 200));
        assertThat(of(Map.of("--perturb", "1", "--seeds", "3", "--kinds", "96x288")))
                .isEqualTo(new PackingTask.Perturb(new SeedRange(3, 3), List.of(HostKind.of("96x288")), 1));
    }

    @Test
    void rangesAreToldAsTheyAreWritten() {
        assertThat(new SeedRange(101, 140)).hasToString("101-140");
        assertThat(new SeedRange(101, 140).count()).isEqualTo(40);
        assertThat(new SeedRange(5, 5)).hasToString("5");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--seeds   | ''            | no range of seeds          | write A-B",
                "--seeds   | 1-            | no range of seeds          | write A-B",
                "--seeds   | -3            | no range of seeds          | write A-B",
                "--seeds   | 1000000       | from 0 to 999999           | write A-B",
                "--seeds   | 140-101       | ends before it begins      | write 101-140",
                "--seeds   | 1-1001        | has 1001 seeds             | give 1000 at most",
                "--kinds   | ''            | no kind of host            | write vCPUs x GiB",
                "--kinds   | 64x256,       | no kind of host            | write vCPUs x GiB",
                "--kinds   | 65x256x2      | no kind of host            | write vCPUs x GiB",
                "--kinds   | 64x255        | 64x255 has no room         | at least 64x256",
                "--kinds   | 63x256        | 63x256 has no room         | at least 64x256",
                "--kinds   | 64x256,64x256 | is there twice             | name each kind once",
                "--perturb | 0             | no number of variants      | from 1 to 5000",
                "--perturb | 5001          | no number of variants      | from 1 to 5000",
                "--perturb | many          | no number of variants      | from 1 to 5000",
                "--traces  | cloud,azure   | there is no \"azure\"      | topology,cloud,openb",
            })
    void badValuesAreRefusedByNameReasonAndNextStep(String option, String value, String reason, String fix) {
        assertThatThrownBy(() -> of(Map.of(option, value)))
                .isInstanceOf(BadOptionException.class)
                .hasMessageStartingWith(option + ": ")
                .hasMessageContaining(reason)
                .hasMessageContaining("; ")
                .hasMessageContaining(fix);
    }

    @ParameterizedTest
    @CsvSource({"--data,--seeds,1-2", "--data,--perturb,5", "--traces,--kinds,64x256"})
    void generatedTracesAreNotReadFromAFolder(String alien, String option, String value) {
        assertThatThrownBy(() -> of(Map.of(alien, "cloud", option, value)))
                .isInstanceOf(BadOptionException.class)
                .hasMessageStartingWith(alien + ": ")
                .hasMessageEndingWith("; leave it out");
    }

    @Test
    void noVmOfTheTracesIsLargerThanTheLeastHost() throws Exception {
        List<TraceVm> vms = Traces.cloud(5_000, 2, 1).vms();

        assertThat(vms.stream().mapToInt(one -> one.vm().vcpus()).max()).hasValue(HostKind.LARGEST_VCPUS);
        assertThat(vms.stream().mapToLong(one -> one.vm().memoryMib()).max())
                .hasValue(HostKind.LARGEST_MEMORY_GIB * 1024L);
    }
}
