package io.kelpie.controller.scheduling.queue;

import static io.kelpie.controller.scheduling.TestHost.host;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.model.PageSize;
import io.kelpie.controller.scheduling.ClusterSnapshot;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.RandomCluster;
import io.kelpie.controller.scheduling.Scheduler;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.TestHost;
import java.util.List;
import org.junit.jupiter.api.Test;

class HostChangeTest {
    private final HostView former = full().view();

    private static TestHost full() {
        return host("h1")
                .usedVcpus(4)
                .usedMemoryMib(4_096)
                .hugepages(PageSize.MIB_2, 1_024)
                .usedHugepages(PageSize.MIB_2, 512)
                .usedPoolMib("default", 100)
                .devices("gpu", 2)
                .usedDevices("gpu", 1)
                .starting(2);
    }

    @Test
    void aHostThatOnlyFillsUpHelpsNobody() {
        assertThat(HostChange.mayHelp(former, full().view())).isFalse();
        assertThat(HostChange.mayHelp(
                        former,
                        full().usedVcpus(5)
                                .usedMemoryMib(4_097)
                                .starting(3)
                                .image("x")
                                .view()))
                .isFalse();
    }

    @Test
    void anythingThatIsFreedMayHelp() {
        for (HostView now : List.of(
                full().usedVcpus(3).view(),
                full().usedMemoryMib(4_095).view(),
                full().usedHugepages(PageSize.MIB_2, 510).view(),
                full().usedPoolMib("default", 99).view(),
                full().usedDevices("gpu", 0).view(),
                full().starting(1).view(),
                full().cpus(100).view(),
                full().memoryMib(1 << 20).view(),
                full().label("disk", "ssd").view(),
                full().cordoned().view())) {
            assertThat(HostChange.mayHelp(former, now)).as(now.toString()).isTrue();
        }
    }

    /** Whom a host took only after a change is never kept from it. */
    @Test
    void whoeverIsHelpedIsSaidToBe() {
        int helped = 0;
        for (long seed = 0; seed < 300; seed++) {
            RandomCluster random = new RandomCluster(seed);
            SchedulingPolicy policy = random.policy();
            HostView before = random.snapshot(1).hosts().get(0);
            HostView after = random.populated(List.of(before), 2).hosts().get(0);
            for (PlacementRequest request : random.requests(5, 1)) {
                if (!passes(request, after, policy) && passes(request, before, policy)) {
                    helped++;
                    assertThat(HostChange.mayHelp(after, before)).isTrue();
                }
                if (!HostChange.mayHelp(before, after) && !passes(request, before, policy)) {
                    assertThat(passes(request, after, policy)).isFalse();
                }
            }
        }
        assertThat(helped).isGreaterThan(20);
    }

    private static boolean passes(PlacementRequest request, HostView host, SchedulingPolicy policy) {
        return Scheduler.plan(new ClusterSnapshot(List.of(host), List.of()), List.of(request), policy, 1)
                .decisions()
                .get(0)
                .host()
                .isPresent();
    }
}
