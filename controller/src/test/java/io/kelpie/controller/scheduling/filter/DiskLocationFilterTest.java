package io.kelpie.controller.scheduling.filter;

import static io.kelpie.controller.scheduling.TestHost.host;
import static io.kelpie.controller.scheduling.TestVm.vm;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class DiskLocationFilterTest {
    private final DiskLocationFilter filter = new DiskLocationFilter();

    @Test
    void onlyTheHostThatHasTheDiskPasses() {
        Probe probe = Probe.of(filter, vm(0).boundTo("h2", "root"), host("h1"), host("h2"));
        assertThat(probe.passes("h1")).isFalse();
        assertThat(probe.passes("h2")).isTrue();
        assertThat(probe.rejection("h1"))
                .isEqualTo(new Rejection(
                        Optional.empty(),
                        "data of disk root is on h2",
                        "only h2 has it",
                        "",
                        "see which rule keeps h2 out, or keep disk root on a shared pool"));
    }

    @Test
    void aHostThatIsGoneIsNamedById() {
        Probe probe = Probe.of(filter, vm(0).boundTo("h7", "data"), host("h1"));
        assertThat(probe.rejection("h1"))
                .isEqualTo(new Rejection(
                        Optional.empty(),
                        "data of disk data is on host id-h7",
                        "host id-h7 is not in the cluster",
                        "",
                        "bring host id-h7 back, or delete the VM with --delete-disks and create it anew"));
    }

    @Test
    void aVmWithoutKeptDisksMayGoAnywhere() {
        Probe probe = Probe.of(filter, vm(0), host("h1"));
        assertThat(probe.concerns()).isFalse();
        assertThat(probe.passes("h1")).isTrue();
    }
}
