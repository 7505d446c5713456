package io.kelpie.controller.replay.input;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.replay.ReplayHost;
import io.kelpie.controller.replay.ReplayHost.NumaNode;
import io.kelpie.controller.replay.ReplayPool;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UniformPoolTest {
    @Test
    void fillsRackAfterRack() {
        ReplayPool pool = UniformPool.parse("64x256x2", 2).orElseThrow().of(5);

        assertThat(pool.racks()).containsExactly("rack-0", "rack-1", "rack-2");
        assertThat(pool.hosts()).extracting(ReplayHost::rack).containsExactly(0, 0, 1, 1, 2);
        assertThat(pool.hosts().get(4).numaNodes())
                .isEqualTo(List.of(new NumaNode(32, 128 * 1024), new NumaNode(32, 128 * 1024)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "64",
                "64x",
                "x256",
                "0x256",
                "64x0",
                "-64x256",
                "64x256x3",
                "65x256x2",
                "64.5x256",
                "64X256",
                "70000x1",
                "1x2000000",
                "99999999999x1",
                " 64x256",
                "64x256x2x2"
            })
    void refusesWhatIsNoKindOfHost(String text) {
        assertThat(UniformPool.parse(text, 16)).isEmpty();
    }
}
