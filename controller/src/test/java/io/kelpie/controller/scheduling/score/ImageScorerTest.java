package io.kelpie.controller.scheduling.score;

import static io.kelpie.controller.scheduling.TestHost.host;
import static io.kelpie.controller.scheduling.TestVm.vm;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ImageScorerTest {
    private final ImageScorer scorer = new ImageScorer();

    @Test
    void aHostCostsTheShareOfTheImagesThatItHasToFetch() {
        Weighing weighing = Weighing.of(
                scorer,
                vm(0).image("sha-1").image("sha-2"),
                host("h1").image("sha-1").image("sha-2").image("sha-3"),
                host("h2").image("sha-2"),
                host("h3"));
        assertThat(weighing.concerns()).isTrue();
        assertThat(weighing.points("h1")).isZero();
        assertThat(weighing.points("h2")).isEqualTo(2.5);
        assertThat(weighing.points("h3")).isEqualTo(5);
    }

    @Test
    void aVmWithoutImagesCostsTheSameEverywhere() {
        assertThat(Weighing.of(scorer, vm(0), host("h1")).concerns()).isFalse();
    }
}
