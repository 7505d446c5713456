package io.kelpie.controller.scheduling.whatif;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.scheduling.ClusterSnapshot;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.Scheduler;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PlanPreviewTest {
    private static final SchedulingPolicy POLICY = SchedulingPolicy.DEFAULT;

    private final Cluster cluster = new Cluster();

    private PlanPreview preview(RoomMaker roomMaker, PlacementRequest... requests) {
        return PlanPreview.of(cluster.snapshot(), List.of(requests), POLICY, 1, roomMaker);
    }

    @Test
    void decidesAsTheScheduler() {
        for (long seed = 0; seed < 50; seed++) {
            RandomClusters clusters = new RandomClusters(seed);
            ClusterSnapshot snapshot = clusters.snapshot(6, 60);
            List<PlacementRequest> requests = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                requests.add(clusters.newVm().request());
            }
            PlanPreview preview = PlanPreview.of(snapshot, requests, POLICY, seed, RoomMaker.NONE);
            assertThat(preview.rows())
                    .as("seed %d", seed)
                    .extracting(PlanPreview.Row::decision)
                    .isEqualTo(Scheduler.plan(snapshot, requests, POLICY, seed).decisions());
            assertThat(preview.rows())
                    .allSatisfy(row -> assertThat(row.preempted()).isEmpty());
        }
    }

    @Test
    void vmsOfALargeJobAreEachAnswered() {
        cluster.host("h1").memoryMib(4_000);
        List<PlacementRequest> requests = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            requests.add(cluster.vm("web-" + i).request());
        }
        PlanPreview preview = PlanPreview.of(cluster.snapshot(), requests, POLICY, 1, RoomMaker.NONE);
        assertThat(preview.placed()).isEqualTo(3);
        assertThat(preview.rows())
                .extracting(row -> row.decision().vmId())
                .isEqualTo(requests.stream().map(PlacementRequest::vmId).toList());
        assertThat(preview.rows().get(199).decision().rules())
                .isEqualTo(preview.rows().get(3).decision().rules())
                .hasSize(1);
    }

    @Test
    void saysWhoEndsForAVm() {
        cluster.host("h1").memoryMib(2_000);
        cluster.host("h2").memoryMib(2_000);
        cluster.vm("low-0").priority(10).at("h1");
        cluster.vm("low-1").priority(10).at("h2");
        PlacementRequest first = cluster.vm("high-0").priority(90).request();
        PlacementRequest second = cluster.vm("high-1").priority(90).request();
        RoomMaker oneOnly = (trial, request) -> request.equals(first)
                ? Optional.of(new RoomMaker.Room("h2", List.of(Cluster.id("low-1"))))
                : Optional.empty();

        PlanPreview preview = preview(oneOnly, first, second);
        assertThat(preview.placed()).isEqualTo(1);
        assertThat(preview.rows().get(0).decision().host()).contains("h2");
        assertThat(preview.rows().get(0).preempted()).containsExactly(Cluster.id("low-1"));
        assertThat(preview.rows().get(1).decision().host()).isEmpty();
        assertThat(preview.rows().get(1).preempted()).isEmpty();
    }

    @Test
    void nobodyEndsIfItDoesNotHelp() {
        cluster.host("h1").memoryMib(2_000);
        cluster.vm("low-0").priority(10).at("h1");
        PlacementRequest large = cluster.vm("high-0").memoryMib(4_096).request();
        PlacementRequest small = cluster.vm("high-1").priority(90).request();
        RoomMaker wrong = (trial, request) -> request.equals(large)
                ? Optional.of(new RoomMaker.Room("h1", List.of(Cluster.id("low-0"))))
                : Optional.empty();
        assertThat(preview(wrong, large).rows().get(0).preempted()).isEmpty();
        assertThat(preview(wrong, large).rows().get(0).decision().rules()).hasSize(1);
        assertThat(preview(wrong, large, small).rows().get(1).decision().host())
                .as("the victim is back and holds its room")
                .isEmpty();
    }
}
