package io.kelpie.controller.scheduling.whatif;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.engine.HostTable;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LossTest {
    private final Cluster cluster = new Cluster();

    private Trial trial() {
        return Trial.of(cluster.snapshot(), SchedulingPolicy.DEFAULT, 1);
    }

    private static Loss lose(Trial trial, int count, Optional<String> byLabel) {
        return Loss.of(trial, count, byLabel, vm -> Optional.of(vm.again()));
    }

    @Test
    void theHostsWithTheMostMemoryAreLostFirstAndTheirVmsGoElsewhere() {
        cluster.host("h1");
        cluster.host("h2").memoryMib(32_768);
        cluster.host("h3");
        cluster.vm("web-0").at("h2");
        cluster.vm("web-1").at("h3");
        Trial trial = trial();

        Loss loss = lose(trial, 1, Optional.empty());

        assertThat(loss).isEqualTo(new Loss(List.of("h2"), 1, 1, List.of(), 0));
        assertThat(trial.inventory().hosts().count()).isEqualTo(2);
        assertThat(trial.inventory().hosts().hostIndex("h2")).isEqualTo(HostTable.UNKNOWN);
    }

    @Test
    void aDomainIsAllHostsWithOneValueOfTheLabel() {
        cluster.host("h1").label("rack", "a");
        cluster.host("h2").label("rack", "b");
        cluster.host("h3").label("rack", "b");
        cluster.host("h4").memoryMib(99_999);
        Trial trial = trial();

        Loss loss = lose(trial, 1, Optional.of("rack"));

        assertThat(loss.domains()).containsExactly("b");
        assertThat(loss.hosts()).isEqualTo(2);
        assertThat(lose(trial, 9, Optional.of("rack")).domains())
                .as("a host without the label is in no domain")
                .containsExactly("a");
    }

    @Test
    void theImportantLookFirstAndWhoFindsNothingIsStranded() {
        cluster.host("h1").memoryMib(16_384);
        cluster.host("h2").memoryMib(4_096);
        cluster.vm("low-0").memoryMib(3_000).priority(10).at("h1");
        cluster.vm("high-0").memoryMib(3_000).priority(90).at("h1");

        Loss loss = lose(trial(), 1, Optional.empty());

        assertThat(loss.restarted()).isEqualTo(1);
        assertThat(loss.stranded()).containsExactly(Cluster.id("low-0"));
    }

    @Test
    void whoIsNotRestartedElsewhereTakesNoPlace() {
        cluster.host("h1");
        cluster.host("h2").memoryMib(4_096);
        cluster.vm("web-0").at("h1");
        Trial trial = trial();

        Loss loss = Loss.of(trial, 1, Optional.empty(), vm -> Optional.empty());

        assertThat(loss.gone()).isEqualTo(1);
        assertThat(loss.restarted()).isZero();
        assertThat(trial.inventory()
                        .hosts()
                        .freeMemoryMib(trial.inventory().hosts().hostIndex("h2")))
                .isEqualTo(4_096);
    }

    @Test
    void nothingIsLostIfNothingIsToBe() {
        cluster.host("h1");
        Trial trial = trial();
        assertThat(lose(trial, 0, Optional.empty()).domains()).isEmpty();
        assertThat(trial.inventory().hosts().count()).isEqualTo(1);
    }
}
