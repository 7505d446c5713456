package io.kelpie.controller.scheduling.engine;

import static io.kelpie.controller.scheduling.TestHost.host;
import static io.kelpie.controller.scheduling.TestVm.vm;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.scheduling.NPlusOne;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.SchedulingPolicy.Packing;
import io.kelpie.controller.scheduling.TestHost;
import io.kelpie.controller.scheduling.TestVm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class InventoryTest {
    private final Inventory inventory = new Inventory(SchedulingPolicy.DEFAULT, 1, Reservation::of);

    private String best(TestVm vm) {
        Ask ask = inventory.ask(vm.request());
        int best = new Search(inventory).best(ask);
        return best == HostTable.UNKNOWN ? "none" : inventory.hosts().view(best).name();
    }

    private int place(TestVm vm) {
        Ask ask = inventory.ask(vm.request());
        return inventory.place(ask, new Search(inventory).best(ask));
    }

    private void put(TestHost... hosts) {
        Arrays.stream(hosts).forEach(host -> inventory.put(host.view()));
    }

    @Test
    void aHostThatHoldsInstancesCannotBeForgotten() {
        put(host("h1"));
        int instance = place(vm(0));
        assertThatThrownBy(() -> inventory.remove("id-h1"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("host id-h1 has instances");
        inventory.release(instance);
        inventory.remove("id-h1");
        assertThat(best(vm(1))).isEqualTo("none");
        inventory.remove("id-h1");
    }

    @Test
    void anInstanceOnAnUnknownHostIsNotCounted() {
        assertThat(inventory.count(vm(0).on("h1"))).isEqualTo(HostTable.UNKNOWN);
        put(host("h1"));
        assertThat(best(vm(1).awayFrom("job-0", "host"))).isEqualTo("h1");
    }

    @Test
    void aLabelThatAHostGetsLaterMovesItsVmsToAnotherDomain() {
        put(host("h1").rack("r1"), host("h2").rack("r1"), host("h3").rack("r2"));
        inventory.count(vm(0).of("db").on("h1"));
        TestVm away = vm(1).awayFrom("db", "rack");
        assertThat(best(away)).isEqualTo("h3");
        put(host("h1").rack("r2"));
        assertThat(best(away)).isEqualTo("h2");
    }

    @Test
    void aLabelThatNobodyAskedForMakesNoClassesUntilItIsAskedFor() {
        put(host("h1").label("disk", "ssd"), host("h2").label("disk", "hdd"));
        best(vm(0));
        int before = inventory.traitRevision();
        assertThat(best(vm(1).require("disk", "hdd"))).isEqualTo("h2");
        assertThat(inventory.traitRevision()).isEqualTo(before + 1);
        assertThat(best(vm(2).require("disk", "ssd"))).isEqualTo("h1");
        assertThat(inventory.traitRevision()).isEqualTo(before + 1);
    }

    @Test
    void anInstanceThatGoesBeforeItRunsIsNoStartInFlight() {
        put(host("h1"));
        int host = inventory.hosts().hostIndex("id-h1");
        int first = place(vm(0));
        int second = place(vm(1));
        assertThat(inventory.hosts().startsInFlight(host)).isEqualTo(2);
        inventory.started(first);
        inventory.started(first);
        assertThat(inventory.hosts().startsInFlight(host)).isEqualTo(1);
        inventory.release(second);
        inventory.release(first);
        assertThat(inventory.hosts().startsInFlight(host)).isZero();
    }

    /** A change of a job's rules takes effect at the next start of each of its VMs. */
    @Test
    void whatAJobKeptAwayFromOnceBindsNobodyWhenItsVmsAreGone() {
        put(host("h1"));
        int before = inventory.count(vm(0).of("web").awayFrom("db", "host").on("h1"));
        assertThat(best(vm(1).of("db"))).isEqualTo("none");
        inventory.uncount(before);
        inventory.count(vm(0).of("web").on("h1"));
        assertThat(best(vm(1).of("db"))).isEqualTo("h1");
    }

    @Test
    void aHostThatLostAPoolDoesNotGetItBackWithTheSpaceOfAVm() {
        put(host("h1").pool("fast", 100));
        int instance = place(vm(0).disk("fast", 10));
        put(host("h1").usedPoolMib("fast", 10));
        inventory.release(instance);
        HostTable hosts = inventory.hosts();
        assertThat(hosts.hasPool(hosts.hostIndex("id-h1"), hosts.poolIndex("fast")))
                .isFalse();
        assertThat(best(vm(1).disk("fast", 1))).isEqualTo("none");
    }

    @Test
    void whatNoHostHadWhenAVmWasCountedIsGivenBackAllTheSame() {
        put(host("h1"));
        int instance = inventory.count(vm(0).disk("fast", 60).devices("gpu", 1).on("h1"));
        put(host("h1")
                .pool("fast", 100)
                .devices("gpu", 1)
                .usedPoolMib("fast", 60)
                .usedDevices("gpu", 1));
        TestVm next = vm(1).disk("fast", 100).devices("gpu", 1);
        assertThat(best(next)).isEqualTo("none");
        inventory.release(instance);
        assertThat(best(next)).isEqualTo("h1");
    }

    @Test
    void aDeviceThatAHostHoldsWithoutHavingItDoesNotComeFree() {
        put(host("h1").usedDevices("gpu", 1), host("h2").devices("gpu", 1).usedDevices("gpu", 1));
        int instance = inventory.count(vm(0).devices("gpu", 1).on("h1"));
        inventory.release(instance);
        assertThat(best(vm(1).devices("gpu", 1))).isEqualTo("none");
    }

    @Test
    void aGroupThatIsOnTwoHostsHoldsTheSameOneInWhateverOrderTheyCome() {
        List<String> names = new ArrayList<>(List.of("h1", "h2", "h3", "h4", "h5"));
        List<String> held = new ArrayList<>();
        for (int turn = 0; turn < names.size(); turn++) {
            Inventory other = new Inventory(SchedulingPolicy.DEFAULT, 1, Reservation::of);
            names.forEach(name -> other.put(host(name).view()));
            for (int i = 1; i <= 5; i++) {
                other.count(vm(i).of("group").near("group", "host").on("h" + i));
            }
            Ask ask = other.ask(vm(9).request());
            for (String name : names) {
                if (other.isHeldForGroup(other.hosts().hostIndex("id-" + name), ask)) {
                    held.add(name);
                }
            }
            names.add(names.remove(0));
        }
        assertThat(held).hasSize(5).containsOnly(held.get(0));
    }

    /** A preferred host may be too small for the whole group. */
    @Test
    void theFirstVmOfAGroupOnItsPreferredHostHasAScoreToo() {
        for (Packing packing : Packing.values()) {
            Inventory other =
                    new Inventory(new SchedulingPolicy(100, packing, 0, 30, 5, NPlusOne.OFF), 1, Reservation::of);
            other.put(host("h1").cpus(1).memoryMib(2_048).view());
            other.put(host("h2").cpus(64).memoryMib(262_144).view());
            Ask ask = other.ask(vm(0).of("group")
                    .near("group", "host")
                    .jobSize(40)
                    .prefers("h1")
                    .request());
            Search search = new Search(other);
            int best = search.best(ask);
            assertThat(other.hosts().view(best).name()).isEqualTo("h1");
            assertThat(search.points(best)).isBetween(0, 100);
        }
    }

    @Test
    void theFirstVmOfAGroupGoesWhereTheOthersCanFollow() {
        put(
                host("h1").memoryMib(8_192).usedMemoryMib(4_096),
                host("h2").memoryMib(8_192),
                host("h3").memoryMib(16_384));
        TestVm leader = vm(0).of("group").near("group", "host").memoryMib(2_000);
        assertThat(best(leader.jobSize(1))).isEqualTo("h1");
        assertThat(best(leader.jobSize(3))).isEqualTo("h2");
        assertThat(best(leader.jobSize(6))).isEqualTo("h3");
        assertThat(best(leader.jobSize(0))).isEqualTo("h3");
        assertThat(best(leader.jobSize(100))).isEqualTo("h3");
    }
}
