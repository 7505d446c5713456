package io.kelpie.controller.scheduling.score;

import static io.kelpie.controller.scheduling.TestHost.host;
import static io.kelpie.controller.scheduling.TestVm.vm;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class PreferenceScorerTest {
    private final PreferenceScorer scorer = new PreferenceScorer();

    @Test
    void labelsCountByTheirWeights() {
        Weighing weighing = Weighing.of(
                scorer,
                vm(0).prefer(20, "disk", "ssd", "nvme").prefer(10, "zone", "a"),
                host("h1").label("disk", "nvme").zone("a"),
                host("h2").label("disk", "ssd").zone("b"),
                host("h3").zone("a"),
                host("h4"));
        assertThat(weighing.points("h1")).isZero();
        assertThat(weighing.points("h2")).isEqualTo(10);
        assertThat(weighing.points("h3")).isEqualTo(20);
        assertThat(weighing.points("h4")).isEqualTo(30);
    }

    @Test
    void nearnessAndDistanceWeighAHundredEach() {
        Weighing weighing = Weighing.of(
                scorer,
                vm(0).of("web")
                        .likesNear("cache", "rack")
                        .likesAwayFrom("db", "host")
                        .prefer(100, "disk", "ssd"),
                List.of(vm(1).of("cache").on("h1"), vm(2).of("db").on("h2")),
                host("h1").rack("r1").label("disk", "ssd"),
                host("h2").rack("r1").label("disk", "ssd"),
                host("h3").rack("r2"),
                host("h4").label("disk", "ssd"));
        assertThat(weighing.points("h1")).isZero();
        assertThat(weighing.points("h2")).isEqualTo(10);
        assertThat(weighing.points("h3")).isEqualTo(20);
        assertThat(weighing.points("h4")).isEqualTo(10);
    }

    @Test
    void whatIsRequiredIsNoPreference() {
        assertThat(Weighing.of(
                                scorer,
                                vm(0).of("web").near("web", "rack").awayFrom("db", "host"),
                                host("h1").rack("r1"))
                        .concerns())
                .isFalse();
        assertThat(Weighing.of(scorer, vm(0), host("h1")).concerns()).isFalse();
    }
}
