package io.kelpie.controller.replay;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.replay.ReplayRules.Overhead;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Each rule is broken on purpose, beside a log that just keeps it. Hosts have 2 NUMA nodes of 8 vCPUs and 16 GiB. */
class ReplayCheckerTest {
    private static final int NODE_0 = 0b01;
    private static final int NODE_1 = 0b10;
    private static final int BOTH = 0b11;

    private final List<String> vms = new ArrayList<>();
    private final ReplayLog log = new ReplayLog();
    private boolean isPlain;

    @Test
    void aNumaNodeThatIsJustFullIsNoViolation() {
        place("a,4,8,1,none,,", 0, NODE_0);
        place("b,4,8,1,none,,", 0, NODE_0);
        place("c,16,32,2,none,,", 1, BOTH);

        assertThat(violations()).isZero();
    }

    @Test
    void tooManyVcpusOfANumaNodeAreFound() {
        place("a,4,1,1,none,,", 0, NODE_0);
        place("b,5,1,1,none,,", 0, NODE_0);

        assertThat(told()).containsExactly("b takes NUMA node 0 of h0 to 9 of 8 vCPUs");
    }

    @Test
    void tooMuchMemoryOfANumaNodeIsFound() {
        place("a,1,8,1,none,,", 0, NODE_1);
        place("b,1,8.5,1,none,,", 0, NODE_1);

        assertThat(told()).containsExactly("b takes NUMA node 1 of h0 to 16896 of 16384 MiB");
    }

    @Test
    void tooMuchOfAWholeHostIsFoundForVmsWithoutAWish() {
        place("a,15,1", 0);
        place("b,1,1", 0);
        place("c,1,31", 0);

        assertThat(told()).containsExactly("c takes h0 to 17 of 16 vCPUs", "c takes h0 to 33792 of 32768 MiB");
    }

    @Test
    void whatQemuTakesCountsIfTheRulesSaySo() {
        place("a,1,31.875", 0); // 32640 MiB + 64 + 653 + 8

        assertThat(violations()).isZero();
        assertThat(verdict(Overhead.QEMU).told()).containsExactly("a takes h0 to 33365 of 32768 MiB");
    }

    @Test
    void whatHasLeftTakesNothing() {
        place("a,8,16,1,none,,", 0, NODE_0);
        log.removed(0);
        place("b,8,16,1,none,,", 0, NODE_0);

        assertThat(violations()).isZero();
    }

    @Test
    void aWrongNumberOfNumaNodesIsFound() {
        place("a,2,2,2,none,,", 0, NODE_0);
        place("b,2,2,1,none,,", 1, BOTH);
        place("c,2,2,1,none,,", 2, 0);

        assertThat(told())
                .containsExactly(
                        "a is on 1 NUMA nodes of h0 and wants 2",
                        "b is on 2 NUMA nodes of h1 and wants 1",
                        "c is on 0 NUMA nodes of h2 and wants 1");
    }

    @Test
    void aNumaNodeThatTheHostDoesNotHaveIsFound() {
        place("a,2,2,1,none,,", 0, 0b100);

        assertThat(told()).containsExactly("a is on a NUMA node that h0 does not have");
    }

    @Test
    void affinityOnAnotherHostIsFound() {
        place("a,1,1,1,affinity,g,", 0, NODE_0);
        place("c,1,1,1,affinity,other,", 1, NODE_0);
        place("b,1,1,1,affinity,g,", 1, NODE_0);

        assertThat(told()).containsExactly("b on h1 breaks affinity with a on h0");
    }

    @Test
    void affinityBindsNobodyOnceTheGroupHasLeft() {
        place("a,1,1,1,affinity,g,", 0, NODE_0);
        log.removed(0);
        place("b,1,1,1,affinity,g,", 1, NODE_0);

        assertThat(violations()).isZero();
    }

    @Test
    void antiAffinityOnOneHostIsFoundEvenOnAnotherNumaNode() {
        place("a,1,1,1,anti-affinity,g,", 0, NODE_0);
        place("c,1,1,1,none,,", 0, NODE_0);
        place("b,1,1,1,anti-affinity,g,", 0, NODE_1);

        assertThat(told()).containsExactly("b on h0 breaks anti-affinity with a on h0");
    }

    @Test
    void differentDomainsInOneRackAreFoundAndEqualOnesAreNone() {
        place("a,1,1,1,fault_domain,g,0", 0, NODE_0);
        place("b,1,1,1,fault_domain,g,0", 1, NODE_0);
        place("c,1,1,1,fault_domain,g,1", 1, NODE_0);

        assertThat(told()).singleElement().asString().startsWith("c on h1 breaks fault_domain with ");
    }

    @Test
    void differentDomainsInDifferentRacksAreNoViolation() {
        place("a,1,1,1,fault_domain,g,0", 0, NODE_0);
        place("b,1,1,1,fault_domain,g,1", 2, NODE_0);

        assertThat(violations()).isZero();
    }

    @Test
    void aLogThatMakesNoSenseIsFound() {
        place("a,1,1", 0);
        log.placed(0, 1, 0);
        log.removed(1);
        place("b,1,1", 99);
        log.placed(7, 0, 0);

        assertThat(told())
                .containsExactly(
                        "a is placed a second time",
                        "b leaves without having a place",
                        "b is placed on host 99, which does not exist",
                        "step 4: there is no VM 7");
    }

    @Test
    void allAreCountedAndTheFirstFiveAreTold() {
        place("a,1,1", 0);
        for (int i = 0; i < 9; i++) {
            log.placed(0, 0, 0);
        }

        assertThat(violations()).isEqualTo(9);
        assertThat(told()).hasSize(5);
    }

    /** The next VM of a trace of VMs without a wish gets a place. */
    private void place(String vm, int host) {
        place(vm, host, 0);
        isPlain = true;
    }

    /** The next VM of the trace gets a place. */
    private void place(String vm, int host, int numaNodes) {
        log.placed(vms.size(), host, numaNodes);
        vms.add(vm);
    }

    private long violations() {
        return verdict(Overhead.NONE).violations();
    }

    private List<String> told() {
        return verdict(Overhead.NONE).told();
    }

    /** Of hosts h0 and h1 in one rack, and h2 in another. */
    private ReplayChecker.Verdict verdict(Overhead overhead) {
        String[] rows = vms.toArray(String[]::new);
        Trace trace = isPlain ? Traces.plain(rows) : Traces.grouped(rows);
        return ReplayChecker.check(Traces.hostsInRacks(0, 0, 1), trace, overhead, log);
    }
}
