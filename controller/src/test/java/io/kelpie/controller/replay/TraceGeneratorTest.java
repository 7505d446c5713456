package io.kelpie.controller.replay;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class TraceGeneratorTest {
    private static final int VMS = 20_000;
    private static final int DAYS = 10;

    @Test
    void theSameSeedGivesTheSameTraceAndAnotherAnother() throws IOException {
        assertThat(generated(7)).isEqualTo(generated(7)).isNotEqualTo(generated(8));
    }

    @Test
    void aTraceIsReadBackInItsOrderWithTheShapeOfACloud() throws IOException {
        String[] lines = generated(7).split("\n");
        Trace trace = Traces.trace(lines[0], Arrays.copyOfRange(lines, 1, lines.length));
        List<TraceVm> vms = trace.vms();
        long[] lifetimes = vms.stream()
                .mapToLong(vm -> vm.leavesMillis() - vm.arrivesMillis())
                .sorted()
                .toArray();
        long[] vcpus = vms.stream().mapToLong(vm -> vm.vm().vcpus()).sorted().toArray();

        assertThat(vms).hasSize(VMS);
        assertThat(vms.get(VMS - 1).vm().name()).isEqualTo("vm-" + (VMS - 1));
        assertThat(vms.get(VMS - 1).arrivesMillis() / 86_400_000.0).isBetween(0.95 * DAYS, 1.05 * DAYS);
        // Half the VMs are gone within two hours or so; one in a hundred stays for more than a week.
        assertThat(lifetimes[VMS / 2]).isBetween(20 * 60_000L, 3 * 3_600_000L);
        assertThat(lifetimes[VMS - VMS / 100]).isGreaterThan(7 * 86_400_000L);
        assertThat(vcpus[VMS / 2]).isLessThanOrEqualTo(4);
        assertThat(vcpus[VMS - 1]).isEqualTo(64);
    }

    @Test
    void aDaysPeakHasAboutThreeTimesTheArrivalsOfItsLow() throws IOException {
        String[] lines = generated(7).split("\n");
        Trace trace = Traces.trace(lines[0], Arrays.copyOfRange(lines, 1, lines.length));
        int[] ofQuarter = new int[4];
        trace.vms().forEach(vm -> ofQuarter[(int) (vm.arrivesMillis() % 86_400_000L / 21_600_000L)]++);
        // The wave's upper half is the first two quarters: their means are 1 + 1/pi and 1 - 1/pi of the whole.
        double upper = (ofQuarter[0] + ofQuarter[1]) / (double) VMS;

        assertThat(upper).isBetween(0.62, 0.70);
    }

    private static String generated(long seed) throws IOException {
        StringBuilder csv = new StringBuilder();
        new TraceGenerator(VMS, DAYS, seed).write(csv);
        return csv.toString();
    }
}
