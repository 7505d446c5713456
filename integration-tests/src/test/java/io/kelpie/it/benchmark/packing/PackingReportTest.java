package io.kelpie.it.benchmark.packing;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.replay.ReplayPool;
import io.kelpie.controller.replay.Strategy;
import io.kelpie.controller.replay.Trace;
import io.kelpie.controller.replay.input.UniformPool;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PackingReportTest {
    private static final String GROUPS = "vm,vcpus,memory_gib,numa_nodes,strategy,group,domain\n"
            + "a,4,8,1,affinity,0,\nb,4,8,1,anti-affinity,0,\nc,4,8,1,anti-affinity,0,\nd,4,8,1,affinity,0,\n"
            + "e,200,8,1,none,,\n";

    private final PackingReport report = new PackingReport();

    @Test
    void placedVmsAreToldByEngineAndStrategy() throws Exception {
        ReplayPool pool = new UniformPool(64, 256, 2, 1).of(3);
        Trace trace = DataFolder.read("groups", GROUPS);

        Map<String, Object> json = report.placed("test", pool, trace);

        assertThat(json)
                .containsOnlyKeys(
                        "firstFit",
                        "bestFit",
                        "spread",
                        "kelpiePack",
                        "kelpieSpread",
                        "affinityOffline",
                        "affinityBound",
                        "placedBound")
                .containsEntry("placedBound", 4L)
                .containsEntry("affinityOffline", 2);
        for (Engine engine : Engine.values()) {
            StrategyRun run = StrategyRun.of(engine, pool, trace);
            assertThat(run.placed()).as(engine.key()).isEqualTo(4);
            assertThat(run.placed(Strategy.AFFINITY)).isEqualTo(2);
            assertThat(run.placed(Strategy.ANTI_AFFINITY)).isEqualTo(2);
            assertThat(run.rejected().values()).containsExactly(1);
        }
        assertThat(report.violations()).isZero();
    }

    @Test
    void fewestHostsAreToldByEngineWithABound() throws Exception {
        Trace trace = Traces.cloud(300, 2, 1);

        Map<String, Object> json =
                report.fewestHosts("test", trace, new UniformPool(64, 256, 1, 20), PackingReport.ALL);

        assertThat(json)
                .containsOnlyKeys(
                        "firstFit",
                        "bestFit",
                        "spread",
                        "kelpiePack",
                        "kelpieSpread",
                        "volumeBound",
                        "bound",
                        "gapClosed",
                        "violations")
                .containsEntry("violations", 0L);
        int bound = number(json, "bound");
        assertThat(bound).isGreaterThanOrEqualTo(number(json, "volumeBound"));
        for (Engine engine : Engine.values()) {
            assertThat(number(json, engine.key())).isGreaterThanOrEqualTo(bound);
        }
    }

    private static int number(Map<String, Object> json, String key) {
        return json.get(key) instanceof Number number ? number.intValue() : -1;
    }

    @Test
    void theGapIsWhatBestFitNeedsBeyondTheBound() {
        Map<Engine, Integer> hosts = new EnumMap<>(Engine.class);
        hosts.put(Engine.BEST_FIT, 77);
        hosts.put(Engine.KELPIE_PACK, 74);

        assertThat(new FewestHosts(hosts, 66, 67, 0).gapClosed(Engine.KELPIE_PACK))
                .isEqualTo(0.3);
        assertThat(new FewestHosts(hosts, 66, 77, 0).gapClosed(Engine.KELPIE_PACK))
                .isNaN();
    }
}
