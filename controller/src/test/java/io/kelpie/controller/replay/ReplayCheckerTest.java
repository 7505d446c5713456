package io.kelpie.controller.replay;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.replay.ReplayRules.Overhead;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Each rule is broken on purpose, beside a log that just keeps it. Hosts have 2 NUMA nodes of 8 vCPUs and 16 GiB. */
class ReplayCheckerTest {
    private static final int NODE_0 = 0b01;
    private static final int NODE_1 = 0b10;
    private static final int BOTH = 0b11;

    private final ReplayLog log = new ReplayLog();

    @Test
    void aNumaNodeThatIsJustFullIsNoViolation() {
        Trace trace = Traces.grouped("a,4,8,1,none,,", "b,4,8,1,none,,", "c,16,32,2,none,,");
        log.placed(0, 0, NODE_0);
        log.placed(1, 0, NODE_0);
        log.placed(2, 1, BOTH);

        assertThat(violations(trace)).isZero();
    }

    @Test
    void tooManyVcpusOfANumaNodeAreFound() {
        Trace trace = Traces.grouped("a,4,1,1,none,,", "b,5,1,1,none,,");
        log.placed(0, 0, NODE_0);
        log.placed(1, 0, NODE_0);

        assertThat(told(trace)).containsExactly("b takes NUMA node 0 of h0 to 9 of 8 vCPUs");
    }

    @Test
    void tooMuchMemoryOfANumaNodeIsFound() {
        Trace trace = Traces.grouped("a,1,8,1,none,,", "b,1,8.5,1,none,,");
        log.placed(0, 0, NODE_1);
        log.placed(1, 0, NODE_1);

        assertThat(told(trace)).containsExactly("b takes NUMA node 1 of h0 to 16896 of 16384 MiB");
    }

    @Test
    void tooMuchOfAWholeHostIsFoundForVmsWithoutAWish() {
        Trace trace = Traces.plain("a,15,1", "b,1,1", "c,1,31");
        log.placed(0, 0, 0);
        log.placed(1, 0, 0);
        log.placed(2, 0, 0);

        assertThat(told(trace)).containsExactly("c takes h0 to 17 of 16 vCPUs", "c takes h0 to 33792 of 32768 MiB");
    }

    @Test
    void whatQemuTakesCountsIfTheRulesSaySo() {
        Trace trace = Traces.plain("a,1,31.875"); // 32640 MiB + 64 + 653 + 8
        log.placed(0, 0, 0);

        assertThat(ReplayChecker.check(pool(), trace, Overhead.NONE, log).violations())
                .isZero();
        assertThat(ReplayChecker.check(pool(), trace, Overhead.QEMU, log).told())
                .containsExactly("a takes h0 to 33365 of 32768 MiB");
    }

    @Test
    void whatHasLeftTakesNothing() {
        Trace trace = Traces.grouped("a,8,16,1,none,,", "b,8,16,1,none,,");
        log.placed(0, 0, NODE_0);
        log.removed(0);
        log.placed(1, 0, NODE_0);

        assertThat(violations(trace)).isZero();
    }

    @Test
    void aWrongNumberOfNumaNodesIsFound() {
        Trace trace = Traces.grouped("a,2,2,2,none,,", "b,2,2,1,none,,", "c,2,2,1,none,,");
        log.placed(0, 0, NODE_0);
        log.placed(1, 1, BOTH);
        log.placed(2, 2, 0);

        assertThat(told(trace))
                .containsExactly(
                        "a is on 1 NUMA nodes of h0 and wants 2",
                        "b is on 2 NUMA nodes of h1 and wants 1",
                        "c is on 0 NUMA nodes of h2 and wants 1");
    }

    @Test
    void aNumaNodeThatTheHostDoesNotHaveIsFound() {
        Trace trace = Traces.grouped("a,2,2,1,none,,");
        log.placed(0, 0, 0b100);

        assertThat(told(trace)).containsExactly("a is on a NUMA node that h0 does not have");
    }

    @Test
    void affinityOnAnotherHostIsFound() {
        Trace trace = Traces.grouped("a,1,1,1,affinity,g,", "b,1,1,1,affinity,g,", "c,1,1,1,affinity,other,");
        log.placed(0, 0, NODE_0);
        log.placed(2, 1, NODE_0);
        log.placed(1, 1, NODE_0);

        assertThat(told(trace)).containsExactly("b on h1 breaks affinity with a on h0");
    }

    @Test
    void affinityBindsNobodyOnceTheGroupHasLeft() {
        Trace trace = Traces.grouped("a,1,1,1,affinity,g,", "b,1,1,1,affinity,g,");
        log.placed(0, 0, NODE_0);
        log.removed(0);
        log.placed(1, 1, NODE_0);

        assertThat(violations(trace)).isZero();
    }

    @Test
    void antiAffinityOnOneHostIsFoundEvenOnAnotherNumaNode() {
        Trace trace = Traces.grouped("a,1,1,1,anti-affinity,g,", "b,1,1,1,anti-affinity,g,", "c,1,1,1,none,,");
        log.placed(0, 0, NODE_0);
        log.placed(2, 0, NODE_0);
        log.placed(1, 0, NODE_1);

        assertThat(told(trace)).containsExactly("b on h0 breaks anti-affinity with a on h0");
    }

    @Test
    void differentDomainsInOneRackAreFoundAndEqualOnesAreNone() {
        Trace trace =
                Traces.grouped("a,1,1,1,fault_domain,g,0", "b,1,1,1,fault_domain,g,0", "c,1,1,1,fault_domain,g,1");
        log.placed(0, 0, NODE_0);
        log.placed(1, 1, NODE_0);
        log.placed(2, 1, NODE_0);

        assertThat(told(trace)).singleElement().asString().startsWith("c on h1 breaks fault_domain with ");
    }

    @Test
    void differentDomainsInDifferentRacksAreNoViolation() {
        Trace trace = Traces.grouped("a,1,1,1,fault_domain,g,0", "b,1,1,1,fault_domain,g,1");
        log.placed(0, 0, NODE_0);
        log.placed(1, 2, NODE_0);

        assertThat(violations(trace)).isZero();
    }

    @Test
    void aLogThatMakesNoSenseIsFound() {
        Trace trace = Traces.plain("a,1,1", "b,1,1");
        log.placed(0, 0, 0);
        log.placed(0, 1, 0);
        log.removed(1);
        log.placed(1, 99, 0);
        log.placed(7, 0, 0);

        assertThat(told(trace))
                .containsExactly(
                        "a is placed a second time",
                        "b leaves without having a place",
                        "b is placed on host 99, which does not exist",
                        "step 4: there is no VM 7");
    }

    @Test
    void allAreCountedAndTheFirstFiveAreTold() {
        Trace trace = Traces.plain("a,1,1");
        log.placed(0, 0, 0);
        for (int i = 0; i < 9; i++) {
            log.placed(0, 0, 0);
        }

        ReplayChecker.Verdict verdict = ReplayChecker.check(pool(), trace, Overhead.NONE, log);
        assertThat(verdict.violations()).isEqualTo(9);
        assertThat(verdict.told()).hasSize(5);
    }

    private long violations(Trace trace) {
        return ReplayChecker.check(pool(), trace, Overhead.NONE, log).violations();
    }

    private List<String> told(Trace trace) {
        return ReplayChecker.check(pool(), trace, Overhead.NONE, log).told();
    }

    /** h0 and h1 in one rack, h2 in another. */
    private static ReplayPool pool() {
        return Traces.hostsInRacks(0, 0, 1);
    }
}
