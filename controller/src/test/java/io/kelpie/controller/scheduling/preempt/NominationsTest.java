package io.kelpie.controller.scheduling.preempt;

import static io.kelpie.controller.scheduling.preempt.Cluster.host;
import static io.kelpie.controller.scheduling.preempt.Cluster.vm;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kelpie.controller.scheduling.TestVm;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class NominationsTest {
    private static final long UNTIL = 60_000;

    private final TestVm batch = vm("batch", 0).priority(10).vcpus(8);
    private final TestVm web = vm("web", 0).priority(50).vcpus(8);
    private Cluster.Engine engine;
    private Nominations nominations;

    @BeforeEach
    void aFullHost() {
        engine = new Cluster()
                .with(host("h1"))
                .on("h1", batch)
                .mayEnd("batch", 3)
                .engine();
        nominations = new Nominations(engine.inventory);
    }

    @Test
    void thePlaceIsKeptUntilTheVictimIsGone() {
        Nomination nomination = nominate(web);
        assertThat(nomination.hostId()).isEqualTo("id-h1");
        assertThat(nomination.request().preferredHost()).contains("id-h1");
        assertThat(nominations.of(web.id())).contains(nomination);
        assertThat(engine.hasPlace(web)).as("the victim is still there").isFalse();

        end(batch);
        TestVm other = vm("other", 0).priority(50).vcpus(1);
        assertThat(engine.hasPlace(other))
                .as("another one does not get the place")
                .isFalse();
        assertThat(engine.find(other)).as("nor by preemption").isEmpty();

        Nomination dropped = nominations.drop(web.id()).orElseThrow();
        assertThat(engine.search.best(engine.inventory.ask(dropped.request()))).isEqualTo(engine.host("h1"));
        assertThat(nominations.all()).isEmpty();
    }

    @Test
    void aVictimIsEndedOnceAndCountsAgainstTheBudget() {
        nominate(web);
        int instance = engine.instance(batch.id());
        assertThat(engine.inventory.instances().isLeaving(instance)).isTrue();
        assertThat(engine.inventory.instances().ask(instance).terms().members().endable())
                .isEqualTo(2);
        assertThat(engine.find(vm("other", 0).priority(50).vcpus(8))).isEmpty();
    }

    @Test
    void aRequestOfHigherPriorityTakesThePlaceAndEndsNobodyElse() {
        nominate(web);
        TestVm urgent = vm("urgent", 0).priority(90).vcpus(8);
        Preemption found = engine.find(urgent).orElseThrow();
        assertThat(found.victims()).isEmpty();
        assertThat(found.superseded()).containsExactly(web.id());
        assertThat(found.awaited()).containsExactly(batch.id());

        nominations.nominate(urgent.request(), found, UNTIL);
        assertThat(nominations.of(web.id())).isEmpty();
        assertThat(nominations.of(urgent.id())).isPresent();
        end(batch);
        nominations.drop(urgent.id());
        assertThat(engine.hasPlace(urgent)).isTrue();
    }

    @Test
    void takingAPlaceIsLessThanEndingAVm() {
        engine = new Cluster()
                .with(host("h1"))
                .on("h1", vm("a", 0).vcpus(4), vm("a", 1).vcpus(4))
                .engine();
        nominations = new Nominations(engine.inventory);
        nominate(vm("web", 0).priority(50).vcpus(4));
        Preemption found = engine.find(vm("urgent", 0).priority(90).vcpus(4)).orElseThrow();
        assertThat(found.victims()).isEmpty();
        assertThat(found.superseded()).containsExactly(web.id());
        found = engine.find(vm("big", 0).priority(90).vcpus(8)).orElseThrow();
        assertThat(found.victims()).hasSize(1);
        assertThat(found.superseded()).containsExactly(web.id());
        found = engine.find(vm("late", 0).priority(50).vcpus(4)).orElseThrow();
        assertThat(found.superseded()).isEmpty();
        assertThat(found.victims()).hasSize(1);
    }

    @Test
    void aPlaceThatDoesNoHarmStays() {
        engine = new Cluster()
                .with(host("h1").devices("gpu", 1))
                .on(
                        "h1",
                        vm("a", 0).vcpus(4).since(1),
                        vm("b", 0).priority(20).vcpus(4).devices("gpu", 1))
                .engine();
        nominations = new Nominations(engine.inventory);
        nominate(vm("web", 0).priority(50).vcpus(4));
        Preemption found = engine.find(vm("urgent", 0).priority(90).vcpus(4).devices("gpu", 1))
                .orElseThrow();
        assertThat(found.victims()).hasSize(1);
        assertThat(found.superseded()).isEmpty();
    }

    @Test
    void aPlaceLapses() {
        Nomination nomination = nominate(web);
        assertThat(nominations.lapse(UNTIL - 1)).isEmpty();
        assertThat(nominations.lapse(UNTIL)).containsExactly(nomination);
        assertThat(nominations.all()).isEmpty();
        end(batch);
        assertThat(engine.hasPlace(vm("other", 0).vcpus(8))).isTrue();
    }

    @Test
    void itOutlivesNewsOfTheHost() {
        nominate(web);
        end(batch);
        engine.inventory.put(host("h1").view());
        assertThat(engine.hasPlace(vm("other", 0).vcpus(1))).isFalse();
        nominations.drop(web.id());
        assertThat(engine.inventory.hosts().freeVcpus(engine.host("h1"))).isEqualTo(8);
        assertThat(engine.hasPlace(web)).isTrue();
    }

    @Test
    void itEndsWithTheHost() {
        nominate(web);
        end(batch);
        assertThat(nominations.dropAllOn("id-h2")).isEmpty();
        assertThat(nominations.dropAllOn("id-h1")).hasSize(1);
        engine.inventory.remove("id-h1");
        assertThat(nominations.keep(new Nomination(web.request(), "id-h1", List.of(), UNTIL)))
                .isFalse();
    }

    @Test
    void keepingItAgainIsTheSame() {
        Nomination nomination = nominate(web);
        String before = Fingerprint.of(engine);
        assertThat(nominations.keep(nomination)).isTrue();
        assertThat(Fingerprint.of(engine)).isEqualTo(before);
        assertThat(nominations.all()).containsExactly(nomination);
    }

    @Test
    void aStalePreemptionIsRefused() {
        Preemption found = engine.find(web).orElseThrow();
        assertThatThrownBy(() -> nominations.nominate(vm("web", 1).request(), found, UNTIL))
                .isInstanceOf(IllegalArgumentException.class);
        end(batch);
        assertThatThrownBy(() -> nominations.nominate(web.request(), found, UNTIL))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(nominations.all()).isEmpty();
    }

    private Nomination nominate(TestVm vm) {
        return nominations.nominate(vm.request(), engine.find(vm).orElseThrow(), UNTIL);
    }

    private void end(TestVm vm) {
        engine.end(vm);
    }

    @Test
    void aVmThatIsToBeKeptRunningIsNotEnded() {
        int instance = engine.instance(batch.id());
        engine.inventory.keepRunning(instance, true);
        assertThat(engine.find(web)).isEmpty();

        engine.inventory.keepRunning(instance, false);
        assertThat(engine.find(web)).isPresent();
    }
}
