package io.kelpie.controller.scheduling.filter;

import static io.kelpie.controller.scheduling.TestHost.host;
import static io.kelpie.controller.scheduling.TestVm.vm;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TaintFilterTest {
    private final TaintFilter filter = new TaintFilter();

    @Test
    void aTaintKeepsVmsAwayThatDoNotTolerateIt() {
        Probe probe = Probe.of(filter, vm(0), host("h1").taint("dedicated", "db"), host("h2"));
        assertThat(probe.passes("h1")).isFalse();
        assertThat(probe.passes("h2")).isTrue();
        assertThat(probe.rejection("h1"))
                .isEqualTo(Rejection.of(
                        "h1",
                        "no taint that the job does not tolerate",
                        "h1 has dedicated=db",
                        "",
                        "tolerate dedicated=db in spec.placement.tolerations, or remove it from the agent's"
                                + " configuration of h1"));
    }

    @Test
    void aTolerationIsOfOneValueOrOfAny() {
        Probe one = Probe.of(
                filter,
                vm(0).tolerates("dedicated", "db"),
                host("h1").taint("dedicated", "db"),
                host("h2").taint("dedicated", "web"),
                host("h3").taint("old", "db"));
        assertThat(one.passes("h1")).isTrue();
        assertThat(one.passes("h2")).isFalse();
        assertThat(one.passes("h3")).isFalse();

        Probe any = Probe.of(
                filter,
                vm(0).tolerates("dedicated"),
                host("h1").taint("dedicated", "db"),
                host("h2").taint("dedicated", "web"),
                host("h3").taint("old", ""));
        assertThat(any.passes("h1")).isTrue();
        assertThat(any.passes("h2")).isTrue();
        assertThat(any.passes("h3")).isFalse();
    }

    @Test
    void aTaintWithoutAValueIsToleratedByTheEmptyOne() {
        Probe probe = Probe.of(filter, vm(0).tolerates("old", ""), host("h1").taint("old", ""));
        assertThat(probe.passes("h1")).isTrue();
    }

    @Test
    void fewerTaintsThatAreNotToleratedAreNearer() {
        Probe probe = Probe.of(
                filter,
                vm(0).tolerates("b"),
                host("h1").taint("a", "").taint("b", "").taint("c", "1"),
                host("h2").taint("c", "1"));
        assertThat(probe.distance("h1")).isEqualTo(2);
        assertThat(probe.distance("h2")).isEqualTo(1);
        assertThat(probe.rejection("h1").free()).isEqualTo("h1 has a, c=1");
    }
}
