package io.kelpie.controller.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ReplayRunTest {
    private final List<String> calls = new ArrayList<>();

    @Test
    void allArriveInOrderAndStayWithoutTimes() {
        ReplayOutcome outcome = replay(Traces.hostsOf(4), Traces.plain("a,2,1", "b,2,1", "c,2,1"));

        assertThat(calls).containsExactly("+a", "+b", "+c");
        assertThat(outcome.placed()).isEqualTo(2);
        assertThat(outcome.rejected()).isEqualTo(Map.of("full", 1));
        assertThat(outcome.firstRejected())
                .hasValueSatisfying(vm -> assertThat(vm.name()).isEqualTo("c"));
        assertThat(outcome.rejections()).isEqualTo(1);
    }

    @Test
    void thoseWhoseTimeHasComeLeaveBeforeTheArrivalsOfTheSameInstant() {
        ReplayOutcome outcome = replay(
                Traces.hostsOf(4),
                Traces.timed("a,4,1,0,10", "b,4,1,9.999,1", "c,4,1,10,5", "d,1,1,20,1", "e,1,1,20,"));

        assertThat(calls).containsExactly("+a", "+b", "-a", "+c", "-c", "+d", "+e");
        assertThat(outcome.placed()).isEqualTo(4);
        assertThat(outcome.rejected()).isEqualTo(Map.of("full", 1));
    }

    @Test
    void hostsUsedCountsEachHostOnceAndThePeakThoseInUseTogether() {
        ReplayOutcome outcome =
                replay(Traces.hostsOf(1, 2, 4), Traces.timed("a,1,1,0,5", "b,2,1,1,2", "c,4,1,10,1", "d,1,1,12,1"));

        assertThat(outcome.hostsUsed()).isEqualTo(3);
        assertThat(outcome.peakHostsUsed()).isEqualTo(2);
    }

    @Test
    void usageIsNotedAfterEachArrival() {
        ReplayOutcome outcome =
                replay(Traces.hostsOf(2, 2), Traces.timed("a,1,1,0,5", "b,2,2,1,", "c,9,9,2,1", "d,1,1,7,1"));

        assertThat(outcome.series().points())
                .containsExactly(
                        new Usage(1, 0, 1, 1, 1024, 1),
                        new Usage(2, 1000, 2, 3, 3072, 2),
                        new Usage(3, 2000, 2, 3, 3072, 2),
                        new Usage(4, 7000, 2, 3, 3072, 2));
    }

    @Test
    void decisionsAreTimedAndRejectionsAndRemovalsCostTimeOnly() {
        // Four calls to place and one to remove, a microsecond each; two of them placed something.
        ReplayOutcome outcome =
                replay(Traces.hostsOf(2), Traces.timed("a,1,1,0,1", "b,2,1,1,", "c,2,1,2,", "d,1,1,3,"));

        assertThat(calls).containsExactly("+a", "-a", "+b", "+c", "+d");
        assertThat(outcome.placed()).isEqualTo(2);
        assertThat(outcome.decisionsPerSecond()).isEqualTo(2 / 5e-6);
        assertThat(outcome.times().quantileMicros(0.5)).isEqualTo(1);
        assertThat(outcome.times().quantileMicros(0.99)).isEqualTo(1);
    }

    @Test
    void untilRejectedStopsAtTheFirstRejection() {
        ReplayOutcome outcome = ReplayRun.untilRejected(
                Traces.hostsOf(2), Traces.plain("a,1,1", "b,2,1", "c,1,1"), Traces.PACK, this::open, new StepClock());

        assertThat(calls).containsExactly("+a", "+b");
        assertThat(outcome.rejections()).isEqualTo(1);
    }

    @Test
    void anEngineThatNamesNoHostOfThePoolIsADefect() {
        Placements.Factory broken = (pool, rules) -> new Placements() {
            @Override
            public Placement place(ReplayVm vm) {
                return new Placement.Placed(1, 0);
            }

            @Override
            public void remove(ReplayVm vm) {}
        };

        assertThatThrownBy(() ->
                        ReplayRun.whole(Traces.hostsOf(1), Traces.plain("a,1,1"), Traces.PACK, broken, new StepClock()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the engine placed a on host 1 of 1");
    }

    private ReplayOutcome replay(ReplayPool pool, Trace trace) {
        return ReplayRun.whole(pool, trace, Traces.PACK, this::open, new StepClock());
    }

    /** First host with the vCPUs, noting each call. */
    private Placements open(ReplayPool pool, ReplayRules rules) {
        long[] free = pool.hosts().stream().mapToLong(ReplayHost::vcpus).toArray();
        int[] hostOf = new int[100];
        return new Placements() {
            @Override
            public Placement place(ReplayVm vm) {
                calls.add("+" + vm.name());
                for (int host = 0; host < free.length; host++) {
                    if (free[host] >= vm.vcpus()) {
                        free[host] -= vm.vcpus();
                        hostOf[vm.index()] = host;
                        return new Placement.Placed(host, 0);
                    }
                }
                return new Placement.Rejected("full");
            }

            @Override
            public void remove(ReplayVm vm) {
                calls.add("-" + vm.name());
                free[hostOf[vm.index()]] += vm.vcpus();
            }
        };
    }
}
