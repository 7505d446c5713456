package io.kelpie.controller.scheduling.filter;

import static io.kelpie.controller.scheduling.TestHost.host;
import static io.kelpie.controller.scheduling.TestVm.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.scheduling.TestHost;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The rules on the state that a host is in: heard by the leader, not cordoned, not being drained. */
class HostStateFiltersTest {
    static List<Arguments> states() {
        return List.of(
                Arguments.of(
                        HostStateFilter.READY,
                        host("h1").suspect(),
                        Rejection.of(
                                "h1",
                                "a host that is READY",
                                "h1 is SUSPECT",
                                "",
                                "start the agent on h1 or see why it is not heard: kelpie describe host h1")),
                Arguments.of(
                        HostStateFilter.CORDON,
                        host("h1").cordoned(),
                        Rejection.of(
                                "h1",
                                "a host that is not cordoned",
                                "h1 is cordoned",
                                "",
                                "uncordon h1: kelpie uncordon h1")),
                Arguments.of(
                        HostStateFilter.DRAIN,
                        host("h1").draining(),
                        Rejection.of(
                                "h1",
                                "a host that is not being drained",
                                "h1 is being drained",
                                "",
                                "end it: kelpie uncordon h1")));
    }

    @ParameterizedTest
    @MethodSource("states")
    void onlyAHostInTheStateIsRemoved(Filter filter, TestHost removed, Rejection rejection) {
        Probe probe = Probe.of(filter, vm(0), removed, host("h2"));
        assertThat(probe.concerns()).isTrue();
        assertThat(probe.passes("h1")).isFalse();
        assertThat(probe.passes("h2")).isTrue();
        assertThat(probe.rejection("h1")).isEqualTo(rejection);
    }

    @Test
    void theyLookAtTraitsAlone() {
        assertThat(List.of(HostStateFilter.READY, HostStateFilter.CORDON, HostStateFilter.DRAIN))
                .extracting(Filter::scope)
                .containsOnly(Filter.Scope.TRAITS);
        assertThat(Rejection.of("h1", "", "", "", "").nearestHost()).isEqualTo(Optional.of("h1"));
    }
}
