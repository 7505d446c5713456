package io.kelpie.controller.scheduling.filter;

import io.kelpie.controller.scheduling.HostTraits;
import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.HostTable;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/** No new VM goes to a host that is in a certain state, whatever it asks for. */
final class HostStateFilter implements Filter {
    /** The leader must hear the host. */
    static final HostStateFilter READY = new HostStateFilter(
            "host-ready",
            traits -> !traits.ready(),
            "a host that is READY",
            "SUSPECT",
            host -> "start the agent on " + host + " or see why it is not heard: kelpie describe host " + host);

    static final HostStateFilter CORDON = new HostStateFilter(
            "cordon",
            HostTraits::cordoned,
            "a host that is not cordoned",
            "cordoned",
            host -> "uncordon " + host + ": kelpie uncordon " + host);

    static final HostStateFilter DRAIN = new HostStateFilter(
            "drain",
            HostTraits::draining,
            "a host that is not being drained",
            "being drained",
            host -> "end it: kelpie uncordon " + host);

    private final String rule;
    private final Predicate<HostTraits> isInState;
    private final String wanted;
    private final String state;
    private final UnaryOperator<String> fix;

    /**
     * @param isInState whether a host is rejected
     * @param wanted what is asked for, in words
     * @param state the state in words, after {@code is}
     * @param fix what ends the state, by the host's name
     */
    private HostStateFilter(
            String rule, Predicate<HostTraits> isInState, String wanted, String state, UnaryOperator<String> fix) {
        this.rule = rule;
        this.isInState = isInState;
        this.wanted = wanted;
        this.state = state;
        this.fix = fix;
    }

    @Override
    public String rule() {
        return rule;
    }

    @Override
    public Scope scope() {
        return Scope.TRAITS;
    }

    @Override
    public boolean concerns(Ask ask) {
        return true;
    }

    @Override
    public long distance(HostTable hosts, int host, Ask ask) {
        return isInState.test(hosts.view(host).traits()) ? REJECTED : 0;
    }

    @Override
    public Rejection rejection(HostTable hosts, int host, Ask ask) {
        String name = hosts.view(host).name();
        return Rejection.of(name, wanted, name + " is " + state, "", fix.apply(name));
    }
}
