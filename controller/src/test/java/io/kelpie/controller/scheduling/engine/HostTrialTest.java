package io.kelpie.controller.scheduling.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.TestHost;
import io.kelpie.controller.scheduling.TestVm;
import org.junit.jupiter.api.Test;

class HostTrialTest {
    private final Inventory inventory = new Inventory(SchedulingPolicy.DEFAULT.withOvercommit(100), 1, Reservation::of);
    private final Search search = new Search(inventory);
    private final HostTrial trial = new HostTrial(inventory, search);
    private final int host = inventory.put(view("h1"));

    @Test
    void whatIsSetAsideCountsAsGoneUntilTheTrialEnds() {
        int instance = inventory.place(ask("a", 0, 8, false), host);
        Ask request = ask("b", 0, 8, false);
        trial.open(host);
        assertThat(trial.passesButSpread(request)).isFalse();
        trial.setAside(instance);
        assertThat(trial.passesButSpread(request)).isTrue();
        trial.close();
        assertThat(inventory.hosts().freeVcpus(host)).isZero();
        assertThat(search.best(request)).isEqualTo(HostTable.UNKNOWN);
        inventory.release(instance);
        assertThat(search.best(request)).isEqualTo(host);
    }

    @Test
    void disksThatOutliveTheVmGoOnHoldingTheirSpace() {
        int drops = inventory.place(ask("a", 0, 1, false), host);
        int keeps = inventory.place(ask("a", 1, 1, true), host);
        trial.open(host);
        int pool = inventory.hosts().poolIndex("default");
        assertThat(inventory.hosts().freePoolMib(host, pool)).isEqualTo(800);
        trial.setAside(keeps);
        assertThat(inventory.hosts().freePoolMib(host, pool)).isEqualTo(800);
        trial.setAside(drops);
        assertThat(inventory.hosts().freePoolMib(host, pool)).isEqualTo(900);
        trial.close();
        assertThat(inventory.hosts().freePoolMib(host, pool)).isEqualTo(800);
    }

    /** A host's label may bring different partitions into one domain. */
    @Test
    void thePartitionsOfADomainAreAsBefore() {
        int other = inventory.put(view("h2"));
        int first = inventory.place(ask("p", 0, 1, false), host);
        inventory.place(ask("p", 1, 1, false), other);
        Census census =
                inventory.instances().ask(first).terms().partitions().get(0).census();
        trial.open(host);
        trial.setAside(first);
        assertThat(census.countOfOthers(census.domainOf(host), 1)).isZero();
        trial.close();
        int rack = census.domainOf(host);
        assertThat(census.count(rack)).isEqualTo(2);
        assertThat(census.countOfOthers(rack, 0)).isEqualTo(1);
        assertThat(census.countOfOthers(rack, 1)).isEqualTo(1);
    }

    @Test
    void onlyInstancesOfTheHostAndEachOnceAreSetAside() {
        int there = inventory.place(ask("a", 0, 1, false), host);
        int elsewhere = inventory.place(ask("a", 1, 1, false), inventory.put(view("h2")));
        trial.open(host);
        trial.setAside(there);
        assertThatThrownBy(() -> trial.setAside(there)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> trial.setAside(elsewhere)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> trial.open(host)).isInstanceOf(IllegalStateException.class);
        trial.putBack(there);
        assertThatThrownBy(() -> trial.putBack(there)).isInstanceOf(IllegalStateException.class);
        trial.close();
    }

    private static HostView view(String name) {
        return TestHost.named(name)
                .memoryMib(65_536)
                .pool("default", 1_000)
                .rack("r1")
                .view();
    }

    /** Of 1,024 MiB and a disk of 100 MiB; job p has two partitions by rack. */
    private Ask ask(String job, int ordinal, int vcpus, boolean keepsDisks) {
        TestVm vm = TestVm.vm(job, ordinal).vcpus(vcpus).disk("default", 100);
        if (keepsDisks) {
            vm.keepingDisks();
        }
        if (job.equals("p")) {
            vm.partitions(2, "rack");
        }
        return inventory.ask(vm.request());
    }
}
