package io.kelpie.controller.replay.input;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.replay.ReplayVm;
import io.kelpie.controller.replay.Strategy;
import io.kelpie.controller.replay.Trace;
import io.kelpie.controller.replay.TraceVm;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VmFileTest {
    private static final String PLAIN = "vm,vcpus,memory_gib\n";
    private static final String GROUPED = "vm,vcpus,memory_gib,numa_nodes,strategy,group,domain\n";
    private static final String TIMED = "vm,vcpus,memory_gib,arrive_s,lifetime_s\n";

    @Test
    void withoutTheOptionalColumnsVmsWishNothingAndStay() throws Exception {
        Trace trace = read(PLAIN + "a,2,4\nb,1,0.5\n");

        assertThat(trace.timed()).isFalse();
        assertThat(trace.groups()).isZero();
        assertThat(trace.vms())
                .containsExactly(
                        new TraceVm(new ReplayVm(0, "a", 2, 4096, 0, Strategy.NONE, -1, -1), 0, TraceVm.NEVER),
                        new TraceVm(new ReplayVm(1, "b", 1, 512, 0, Strategy.NONE, -1, -1), 0, TraceVm.NEVER));
    }

    @Test
    void groupsOfDifferentStrategiesAreDifferentThoughTheirNamesAreEqual() throws Exception {
        Trace trace = read(GROUPED
                + "a,2,4,1,affinity,0,\nb,2,4,2,anti-affinity,0,\nc,2,4,1,affinity,0,\nd,2,4,1,fault_domain,0,x\n"
                + "e,2,4,1,fault_domain,0,y\nf,2,4,1,none,,\n");

        assertThat(trace.groups()).isEqualTo(3);
        assertThat(trace.vms()).extracting(vm -> vm.vm().group()).containsExactly(0, 1, 0, 2, 2, -1);
        assertThat(trace.vms()).extracting(vm -> vm.vm().domain()).containsExactly(-1, -1, -1, 0, 1, -1);
        assertThat(trace.vms()).extracting(vm -> vm.vm().numaNodes()).containsExactly(1, 2, 1, 1, 1, 1);
    }

    @Test
    void vmsArriveByTimeAndOfOneInstantByRow() throws Exception {
        Trace trace = read(TIMED + "late,1,1,10,5\nb,1,1,2.5,\na,1,1,2.5,0.001\n");

        assertThat(trace.timed()).isTrue();
        assertThat(trace.vms()).extracting(vm -> vm.vm().name()).containsExactly("b", "a", "late");
        assertThat(trace.vms()).extracting(vm -> vm.vm().index()).containsExactly(0, 1, 2);
        assertThat(trace.vms()).extracting(TraceVm::arrivesMillis).containsExactly(2500L, 2500L, 10_000L);
        assertThat(trace.vms()).extracting(TraceVm::leavesMillis).containsExactly(TraceVm.NEVER, 2501L, 15_000L);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a,0,4,1,none,,         | column 2 (vcpus): '0' is zero",
                "a,-1,4,1,none,,        | column 2 (vcpus): '-1' is negative",
                "a,2.5,4,1,none,,       | column 2 (vcpus): '2.5' is a fraction",
                "a,+2,4,1,none,,        | column 2 (vcpus): '+2' is not a number",
                "a,2,0,1,none,,         | column 3 (memory_gib): '0' is zero",
                "a,2,0.0,1,none,,       | column 3 (memory_gib): '0.0' is zero",
                "a,2,-4,1,none,,        | column 3 (memory_gib): '-4' is negative",
                "a,2,4 GiB,1,none,,     | column 3 (memory_gib): '4 GiB' is not a number",
                "a,2,2000000,1,none,,   | column 3 (memory_gib): '2000000' is too large",
                "a,2,4,0,none,,         | column 4 (numa_nodes): '0' is zero",
                "a,2,4,3,none,,         | column 4 (numa_nodes): '3' is too large; fix: write a whole number from 1 to 2",
                "a,2,4,,none,,          | column 4 (numa_nodes): the cell is empty",
                "a,3,4,2,none,,         | column 2 (vcpus): 3 vCPUs do not split evenly over 2 NUMA nodes",
                "a,2,0.0009765625,2,none,, | column 3 (memory_gib): 1 MiB do not split evenly over 2 NUMA nodes",
                "a,2,4,1,anti_affinity,0, | column 5 (strategy): 'anti_affinity' is not known; fix: did you mean anti-affinity?",
                "a,2,4,1,together,0,    | column 5 (strategy): 'together' is not known; fix: write one of none, affinity",
                "a,2,4,1,,0,            | column 5 (strategy): the cell is empty",
                "a,2,4,1,affinity,,     | column 6 (group): the cell is empty",
                "a,2,4,1,anti-affinity,, | column 6 (group): the cell is empty",
                "a,2,4,1,fault_domain,,1 | column 6 (group): the cell is empty",
                "a,2,4,1,fault_domain,0, | column 7 (domain): the cell is empty",
                "a,2,4,1,affinity,0,1   | column 7 (domain): strategy affinity has no domain; fix: leave the cell empty",
                "a,2,4,1,none,0,        | column 6 (group): strategy none has no group",
                "a,2,4,1,none,,1        | column 7 (domain): strategy none has no domain",
                ",2,4,1,none,,          | column 1 (vm): the cell is empty",
                "a,2,4,1,none,          | column 6: the row has 6 cells and the header 7",
            })
    void aBadRowIsRefusedByItsPlace(String row, String expected) {
        assertThat(RefusedFiles.vms(GROUPED + "ok,1,1,1,none,,\n" + row + "\n"))
                .first()
                .asString()
                .startsWith("vms.csv: line 3, " + expected)
                .contains("; fix: ");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a,1,1,-1,5      | column 4 (arrive_s): '-1' is negative",
                "a,1,1,,5        | column 4 (arrive_s): the cell is empty",
                "a,1,1,now,5     | column 4 (arrive_s): 'now' is not a number",
                "a,1,1,1.2345,5  | column 4 (arrive_s): '1.2345' is finer than a millisecond",
                "a,1,1,99999999999,5 | column 4 (arrive_s): '99999999999' is too large",
                "a,1,1,0,0       | column 5 (lifetime_s): '0' is zero",
                "a,1,1,0,-5      | column 5 (lifetime_s): '-5' is negative",
                "a,1,1,0,inf     | column 5 (lifetime_s): 'inf' is not a number",
            })
    void badTimesAreRefusedByTheirPlace(String row, String expected) {
        assertThat(RefusedFiles.vms(TIMED + row + "\n"))
                .singleElement()
                .asString()
                .startsWith("vms.csv: line 2, " + expected);
    }

    @Test
    void wrongHeadersAreRefused() {
        assertThat(RefusedFiles.vms("vm,vcpus,memory_gib,strategy\na,1,1,none\n"))
                .containsExactly(
                        "vms.csv: line 1 (numa_nodes): the column is missing; fix: give all of"
                                + " numa_nodes,strategy,group,domain, or none of them",
                        "vms.csv: line 1 (group): the column is missing; fix: give all of"
                                + " numa_nodes,strategy,group,domain, or none of them",
                        "vms.csv: line 1 (domain): the column is missing; fix: give all of"
                                + " numa_nodes,strategy,group,domain, or none of them");
        assertThat(RefusedFiles.vms("vm,vcpus,memory_gib,arive_s,lifetime_s\n"))
                .singleElement()
                .asString()
                .endsWith("did you mean arrive_s?");
    }

    @Test
    void aSecondVmOfOneNameIsRefused() {
        assertThat(RefusedFiles.vms(PLAIN + "a,1,1\na,1,1\n"))
                .containsExactly("vms.csv: line 3, column 1 (vm): 'a' is on line 2 too; fix: rename one");
    }

    private static Trace read(String content) throws IOException, BadInputException {
        return VmFile.read("vms.csv", new ByteArrayInputStream(content.getBytes(StandardCharsets.UTF_8)));
    }
}
