package io.kelpie.agent.server;

import com.codahale.metrics.Counter;
import com.codahale.metrics.Timer;
import io.kelpie.agent.driver.DriverKind;
import io.kelpie.agent.instance.InstanceEnd;
import io.kelpie.agent.instance.InstanceObserver;
import io.kelpie.agent.instance.LeaseObserver;
import io.kelpie.agent.link.LinkObserver;
import io.kelpie.common.metrics.Metrics;
import io.kelpie.proto.v1.InstancePhase;
import io.kelpie.proto.v1.Pool;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/** What this agent measures of itself. Thread-safe. */
final class AgentMetrics implements InstanceObserver, LinkObserver, LeaseObserver {
    private static final String PHASE_PREFIX = "INSTANCE_PHASE_";

    private final Metrics metrics;
    private final Map<InstancePhase, AtomicInteger> phases = new EnumMap<>(InstancePhase.class);
    private final Counter heartbeats;
    private final AtomicInteger connected = new AtomicInteger();
    private final AtomicInteger leased = new AtomicInteger();
    private final Counter lapses;
    private final Supplier<Duration> age;

    /** @param age how long this process has been running */
    AgentMetrics(Metrics metrics, Iterable<DriverKind> drivers, Supplier<Duration> age) {
        this.metrics = metrics;
        this.age = age;
        for (InstancePhase phase : InstancePhase.values()) {
            if (phase != InstancePhase.UNRECOGNIZED && phase != InstancePhase.INSTANCE_PHASE_UNSPECIFIED) {
                AtomicInteger count = new AtomicInteger();
                phases.put(phase, count);
                metrics.gauge(
                        "kelpie_agent_instances",
                        "Instances in the ledger, by phase.",
                        count::get,
                        "phase",
                        label(phase.name().substring(PHASE_PREFIX.length())));
            }
        }
        metrics.gauge("kelpie_agent_connected", "1 while a leader has accepted this host, else 0.", connected::get);
        this.heartbeats = metrics.counter("kelpie_agent_heartbeats_total", "Heartbeats that a leader has answered.");
        metrics.gauge("kelpie_agent_lease_held", "1 while this host holds a lease, else 0.", leased::get);
        this.lapses = metrics.counter(
                "kelpie_agent_lease_barriers_total",
                "Times that leased instances were ended before a lease was asked for, the agent's start included.");
        for (DriverKind driver : drivers) {
            // There from the beginning, so that the first failure shows as an increase.
            starts(driver, "ok");
            starts(driver, "failed");
            startSeconds(driver);
        }
        for (InstanceEnd.Reason reason : InstanceEnd.Reason.values()) {
            exits(reason);
        }
    }

    /** Exposes the pools' space; {@code pools} must not block. */
    void pools(List<String> names, Supplier<List<Pool>> pools) {
        for (String name : names) {
            metrics.gauge(
                    "kelpie_agent_pool_free_mib",
                    "Free space of a pool, in MiB.",
                    () -> find(pools.get(), name).map(Pool::getFreeMib).orElse(null),
                    "pool",
                    name);
            metrics.gauge(
                    "kelpie_agent_pool_total_mib",
                    "Size of a pool's file system, in MiB.",
                    () -> find(pools.get(), name).map(Pool::getTotalMib).orElse(null),
                    "pool",
                    name);
        }
    }

    @Override
    public void phase(Optional<InstancePhase> from, Optional<InstancePhase> to) {
        from.map(phases::get).ifPresent(AtomicInteger::decrementAndGet);
        to.map(phases::get).ifPresent(AtomicInteger::incrementAndGet);
    }

    @Override
    public void started(DriverKind driver, Duration took) {
        starts(driver, "ok").inc();
        startSeconds(driver).update(took);
    }

    @Override
    public void startFailed(DriverKind driver) {
        starts(driver, "failed").inc();
    }

    @Override
    public void exited(InstanceEnd.Reason reason) {
        exits(reason).inc();
    }

    @Override
    public void recovered(Duration took) {
        double atAge = seconds(age.get());
        metrics.gauge(
                "kelpie_agent_recovered_at_seconds",
                "Age of the agent's process when it knew of every earlier instance whether it runs.",
                () -> atAge);
        metrics.gauge(
                "kelpie_agent_recovery_seconds",
                "From asking for the earlier instances until it was known of every one whether it runs.",
                () -> seconds(took));
    }

    private static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }

    @Override
    public void connected(boolean now) {
        connected.set(now ? 1 : 0);
    }

    @Override
    public void heartbeat() {
        heartbeats.inc();
    }

    @Override
    public void held(boolean held) {
        leased.set(held ? 1 : 0);
    }

    @Override
    public void lapsed() {
        lapses.inc();
    }

    private Timer startSeconds(DriverKind driver) {
        return metrics.timer(
                "kelpie_agent_start_seconds", "From the command to the running guest.", "driver", label(driver.name()));
    }

    private Counter starts(DriverKind driver, String outcome) {
        return metrics.counter(
                "kelpie_agent_starts_total",
                "Starts of hypervisors.",
                "driver",
                label(driver.name()),
                "outcome",
                outcome);
    }

    private Counter exits(InstanceEnd.Reason reason) {
        return metrics.counter(
                "kelpie_agent_exits_total", "Ends of instances, by cause.", "cause", label(reason.name()));
    }

    private static Optional<Pool> find(List<Pool> pools, String name) {
        return pools.stream().filter(pool -> pool.getName().equals(name)).findFirst();
    }

    private static String label(String constant) {
        return constant.toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
