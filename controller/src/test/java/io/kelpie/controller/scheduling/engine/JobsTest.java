package io.kelpie.controller.scheduling.engine;

import static io.kelpie.controller.scheduling.TestHost.host;
import static io.kelpie.controller.scheduling.TestVm.vm;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kelpie.controller.model.PlacementRules;
import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.scheduling.JobBudget;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.TestVm;
import org.junit.jupiter.api.Test;

/** Which jobs an inventory knows, while thousands come and go. */
class JobsTest {
    private static final int MANY = 5_000;
    /** The jobs that were asked for last are kept at hand. */
    private static final int AT_HAND = 1_024;

    private final Inventory inventory = new Inventory(SchedulingPolicy.DEFAULT, 1, Reservation::of);
    private final Search search = new Search(inventory);

    JobsTest() {
        inventory.put(host("h1").view());
        inventory.put(host("h2").view());
    }

    private int place(TestVm vm) {
        Ask ask = inventory.ask(vm.request());
        return inventory.place(ask, search.best(ask));
    }

    private String hostOf(int instance) {
        return inventory.hosts().view(inventory.hostOf(instance)).name();
    }

    /** Each with one VM, which keeps away from those of a job. */
    private void comeAndGo(String other) {
        for (int i = 0; i < MANY; i++) {
            inventory.release(place(vm(1).of("short-" + i).awayFrom(other, "host")));
        }
    }

    private void awaitForgotten(int left) {
        await().untilAsserted(() -> {
            System.gc();
            assertThat(inventory.knownJobs()).isLessThanOrEqualTo(left);
        });
    }

    @Test
    void jobsThatEndedAreForgotten() {
        place(vm(0).of("db"));
        comeAndGo("db");
        assertThat(inventory.knownJobs()).isGreaterThan(AT_HAND);
        awaitForgotten(AT_HAND + 1);
    }

    @Test
    void aJobIsNotHeldUpByThoseThatKeptAwayFromIt() {
        int instance = place(vm(0).of("db"));
        comeAndGo("db");
        JobMembers db = inventory.askOf(instance).terms().members();
        assertThat(db.watchers()).isEmpty();
        place(vm(1).of("near").awayFrom("db", "host"));
        assertThat(db.watchers()).hasSize(1);
    }

    @Test
    void aJobWithoutVmsIsKnownAsLongAsAnotherKeepsAwayFromIt() {
        int away = place(vm(0).of("away").awayFrom("db", "host"));
        comeAndGo("other");
        awaitForgotten(AT_HAND + 3);
        int db = place(vm(1).of("db"));
        assertThat(hostOf(db)).isNotEqualTo(hostOf(away));
    }

    @Test
    void aBudgetIsKnownBeforeTheJobsVmsAre() {
        TestVm vm = vm(0).of("db");
        inventory.allow(new JobBudget(vm.request().job(), 2, 1, 1));
        comeAndGo("other");
        awaitForgotten(AT_HAND + 3);
        assertThat(inventory
                        .terms(vm.request().job(), PlacementRules.NONE)
                        .members()
                        .endable())
                .isZero();
    }
}
