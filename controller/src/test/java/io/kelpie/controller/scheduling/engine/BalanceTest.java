package io.kelpie.controller.scheduling.engine;

import static io.kelpie.controller.scheduling.TestHost.host;
import static io.kelpie.controller.scheduling.TestVm.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.TestHost;
import io.kelpie.controller.scheduling.TestVm;
import io.kelpie.controller.scheduling.engine.PackCost.Scarce;
import org.junit.jupiter.api.Test;

class BalanceTest {
    private final Inventory inventory = new Inventory(SchedulingPolicy.DEFAULT.withOvercommit(100), 1, Reservation::of);

    private static TestHost large(String name) {
        return host(name).cpus(100).memoryMib(102_400);
    }

    private Scarce scarce() {
        return ((PackCost) inventory.room()).scarce();
    }

    private String best(TestVm vm) {
        int best = new Search(inventory).best(inventory.ask(vm.request()));
        return best == HostTable.UNKNOWN ? "none" : inventory.hosts().view(best).name();
    }

    @Test
    void whatIsHeldOfAllHostsTellsWhatIsScarce() {
        assertThat(scarce()).isEqualTo(Scarce.NEITHER);
        inventory.put(large("h1").view());
        assertThat(scarce()).isEqualTo(Scarce.NEITHER);
        inventory.put(large("h2").usedVcpus(50).usedMemoryMib(51_200).view());
        assertThat(scarce()).isEqualTo(Scarce.NEITHER);
        inventory.put(large("h2").usedVcpus(53).usedMemoryMib(51_200).view());
        assertThat(scarce()).isEqualTo(Scarce.VCPUS);
        inventory.put(large("h1").usedMemoryMib(10_240).view());
        assertThat(scarce()).isEqualTo(Scarce.MEMORY);
        inventory.remove("id-h1");
        assertThat(scarce()).isEqualTo(Scarce.VCPUS);
    }

    @Test
    void whatVmsTakeAndGiveBackCounts() {
        int host = inventory.put(large("h1").view());
        int instance =
                inventory.place(inventory.ask(vm(0).vcpus(40).memoryMib(1_024).request()), host);
        assertThat(scarce()).isEqualTo(Scarce.VCPUS);
        inventory.place(inventory.ask(vm(1).vcpus(1).memoryMib(81_920).request()), host);
        assertThat(scarce()).isEqualTo(Scarce.MEMORY);
        inventory.release(instance);
        inventory.add(vm(2).vcpus(99).memoryMib(1_024).on("h1"));
        assertThat(scarce()).isEqualTo(Scarce.VCPUS);
    }

    @Test
    void ofWhatIsScarceLeastIsLeft() {
        inventory.put(large("h1").usedVcpus(80).usedMemoryMib(20_480).view());
        inventory.put(large("h2").usedVcpus(79).usedMemoryMib(92_160).view());
        inventory.put(large("h3").usedVcpus(100).view());
        assertThat(scarce()).isEqualTo(Scarce.VCPUS);
        assertThat(best(vm(0).vcpus(4).memoryMib(1_024))).isEqualTo("h1");
        inventory.put(large("h3").usedMemoryMib(102_400).view());
        assertThat(scarce()).isEqualTo(Scarce.MEMORY);
        assertThat(best(vm(0).vcpus(4).memoryMib(1_024))).isEqualTo("h2");
    }
}
