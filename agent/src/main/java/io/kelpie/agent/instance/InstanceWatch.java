package io.kelpie.agent.instance;

import io.kelpie.agent.driver.DriverEvent;
import io.kelpie.agent.driver.DriverKind;
import io.kelpie.agent.driver.ExitInfo;
import io.kelpie.agent.driver.InstanceStatus;
import io.kelpie.agent.driver.VmDriver;
import io.kelpie.agent.instance.Instance.Stage;
import io.kelpie.agent.instance.InstanceEnd.Reason;
import io.kelpie.agent.instance.LedgerEntry.Launch;
import io.kelpie.agent.instance.LedgerEntry.Phase;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What happens without a command: what drivers tell, and what is found by looking again. Belongs to the loop.
 */
final class InstanceWatch {
    private static final Logger LOG = LoggerFactory.getLogger(InstanceWatch.class);

    private static final Duration TICK = Duration.ofSeconds(1);
    private static final Duration RETRY = Duration.ofSeconds(5);
    /** After its driver told an exit, how long an answer of the driver with more details is waited for. */
    private static final Duration EXIT_DETAILS_WAIT = Duration.ofSeconds(5);
    /** A hypervisor found without a running guest, left by an agent that ended while starting it, is killed then. */
    private static final Duration HALF_STARTED_MAX = Duration.ofSeconds(30);

    private final InstanceTable table;
    private final StopCommands stops;

    InstanceWatch(InstanceTable table, StopCommands stops) {
        this.table = table;
        this.stops = stops;
    }

    void start() {
        table.with
                .drivers()
                .forEach((kind, driver) ->
                        driver.onEvent(event -> table.with.loop().execute(() -> driverEvent(kind, event))));
        table.with.loop().schedule(TICK, this::tick);
    }

    /** The driver has said how the instance is. */
    void settle(Instance instance, InstanceStatus status) {
        if (status.power() == InstanceStatus.Power.GONE) {
            ExitInfo exit = status.exit().orElseGet(() -> unknownExit(instance));
            table.end(instance, instance.entry.exited(table.endOf(instance, exit, Optional.empty())));
            return;
        }
        instance.stage = Stage.RUNNING;
        instance.pid = status.pid();
        seen(instance, status.power());
        if (instance.toEnd()) {
            stops.carryOut(instance);
        }
        table.report(instance);
    }

    private static ExitInfo unknownExit(Instance instance) {
        return new ExitInfo(
                ExitInfo.Cause.LOST,
                0,
                0,
                instance.entry.phase() == Phase.STARTED
                        ? "the hypervisor is gone and left no trace"
                        : "the agent ended before the hypervisor was started",
                "");
    }

    private void driverEvent(DriverKind kind, DriverEvent event) {
        Instance instance = table.instances.get(event.id());
        if (instance == null || instance.ended() || !instance.driver.equals(Optional.of(kind))) {
            return;
        }
        if (event instanceof DriverEvent.PowerChanged changed) {
            if (instance.stage == Stage.RUNNING && changed.power() != InstanceStatus.Power.GONE) {
                seen(instance, changed.power());
                table.report(instance);
            }
        } else if (event instanceof DriverEvent.Exited exited) {
            if (instance.startInFlight || instance.ladder.busy()) {
                instance.exitSeen = Optional.of(exited.exit());
                instance.exitSeenAtNanos = table.with.time().nanoTime();
            } else if (instance.stage == Stage.RUNNING || instance.stage == Stage.ADOPTING) {
                table.end(instance, instance.entry.exited(table.endOf(instance, exited.exit(), Optional.empty())));
            }
        }
    }

    /** The hypervisor exists, and its guest is in this state. */
    private void seen(Instance instance, InstanceStatus.Power power) {
        instance.power = power;
        if (!instance.toEnd()) {
            instance.message =
                    power == InstanceStatus.Power.UNRESPONSIVE ? "the hypervisor exists and does not answer" : "";
        }
        boolean neverRan = instance.entry.phase() == Phase.INTENT && power == InstanceStatus.Power.STARTING;
        if (!neverRan) {
            instance.startingSinceNanos = Optional.empty();
            if (instance.entry.phase() == Phase.INTENT) {
                instance.entry = instance.entry.started();
                table.write(
                        instance,
                        () -> {},
                        failure -> LOG.error("cannot record that instance {} runs", instance.id, failure));
            }
        } else if (instance.startingSinceNanos.isEmpty()) {
            instance.startingSinceNanos = Optional.of(table.with.time().nanoTime());
        }
    }

    private void tick() {
        table.with.loop().schedule(TICK, this::tick);
        long now = table.with.time().nanoTime();
        for (Instance instance : List.copyOf(table.instances.values())) {
            if (instance.exitSeen.isPresent()
                    && !instance.ended()
                    && now - instance.exitSeenAtNanos > EXIT_DETAILS_WAIT.toNanos()
                    && !instance.startInFlight) {
                table.end(
                        instance,
                        instance.entry.exited(table.endOf(instance, instance.exitSeen.get(), Optional.empty())));
            } else if (instance.stage == Stage.RUNNING) {
                watch(instance, now);
            }
        }
    }

    private void watch(Instance instance, long now) {
        if (instance.nextLookAtNanos > now) {
            return;
        }
        if (instance.toEnd() && !instance.ladder.busy()) {
            instance.nextLookAtNanos = now + RETRY.toNanos();
            stops.carryOut(instance);
        } else if (instance.startingSinceNanos.isPresent()
                && now - instance.startingSinceNanos.get() > HALF_STARTED_MAX.toNanos()) {
            LOG.warn("instance {} was left half started and is killed", instance.id);
            instance.nextLookAtNanos = now + RETRY.toNanos();
            endHalfStarted(instance);
        } else if (instance.power == InstanceStatus.Power.STARTING
                || instance.power == InstanceStatus.Power.UNRESPONSIVE) {
            instance.nextLookAtNanos = now + RETRY.toNanos();
            lookAgain(instance);
        }
    }

    private void endHalfStarted(Instance instance) {
        Launch launch = instance.launch().orElseThrow();
        VmDriver driver = table.driver(launch.handle().driver());
        table.with
                .workers()
                .submit(
                        "kill " + instance.id,
                        () -> driver.kill(instance.id, launch.handle()),
                        outcome -> outcome.handle(
                                rung -> {
                                    if (!instance.ended()) {
                                        table.endWithoutProcess(
                                                instance,
                                                Reason.START_FAILED,
                                                "the agent ended while it started the hypervisor, and the guest never ran");
                                    }
                                },
                                failure -> stops.notEnded(instance, "kill", failure)));
    }

    private void lookAgain(Instance instance) {
        Launch launch = instance.launch().orElseThrow();
        VmDriver driver = table.driver(launch.handle().driver());
        table.with
                .workers()
                .submit(
                        "inspect " + instance.id,
                        () -> driver.inspect(instance.id, launch.handle()),
                        outcome -> outcome.handle(
                                status -> {
                                    if (instance.stage == Stage.RUNNING
                                            && !instance.ladder.busy()
                                            && status.power() != instance.power) {
                                        settle(instance, status);
                                    }
                                },
                                failure -> LOG.debug("cannot look at instance {}", instance.id, failure)));
    }
}
