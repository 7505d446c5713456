package io.kelpie.agent.instance;

import io.kelpie.agent.driver.DriverException;
import io.kelpie.agent.driver.DriverHandle;
import io.kelpie.agent.driver.ExitInfo;
import io.kelpie.agent.driver.InstanceId;
import io.kelpie.agent.driver.InstanceStatus;
import io.kelpie.agent.driver.StopRung;
import io.kelpie.agent.driver.VmDriver;
import io.kelpie.agent.instance.LedgerEntry.Launch;
import io.kelpie.proto.v1.Command;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Ends instances by command: the ladder, and the kill that overtakes it. Belongs to the loop. */
final class StopCommands {
    private static final Logger LOG = LoggerFactory.getLogger(StopCommands.class);

    private final InstanceTable table;

    StopCommands(InstanceTable table) {
        this.table = table;
    }

    void stop(InstanceId id, StopOrder order, Command command, ControllerSink from) {
        Instance instance = table.instances.get(id);
        if (instance == null) {
            // Kept as refused, so that a start of it that comes late does nothing.
            table.refuseForGood(id, command, from, "this host does not know instance " + id);
            return;
        }
        if (instance.ended()) {
            table.accept(command, from);
            table.report(instance);
            return;
        }
        boolean sharper = instance.entry.stop().isEmpty()
                || instance.entry.stop().get().kind() == StopOrder.Kind.STOP && order.kind() == StopOrder.Kind.KILL;
        if (!sharper) {
            table.accept(command, from);
            carryOut(instance);
            table.report(instance);
            return;
        }
        LOG.info("instance {} ({}) is to end: {}", id, instance.entry.vmName(), order);
        instance.entry = instance.entry.withStop(order, command.getSequence());
        table.write(instance, () -> table.accept(command, from), failure -> {
            // It is carried out all the same; without an answer it is sent again.
            LOG.error("cannot record that instance {} is to end", id, failure);
        });
        carryOut(instance);
        table.report(instance);
    }

    /** Does the next thing that the order to end demands; does nothing if that is under way. */
    void carryOut(Instance instance) {
        switch (instance.stage) {
            case RECORDING -> {
                // recorded() goes on.
            }
            case PREPARING -> table.endBeforeStart(instance);
            case STARTING -> {
                // launch() or settle() goes on; but a start that hangs is not waited for when a kill was ordered.
                if (instance.startInFlight) {
                    kill(instance);
                }
            }
            case ADOPTING, RUNNING -> {
                climb(instance);
                kill(instance);
            }
            case ENDED -> {
                // Done.
            }
        }
    }

    private void climb(Instance instance) {
        Duration grace = instance.entry.stop().map(StopOrder::grace).orElse(Duration.ZERO);
        if (instance.toBeKilled() || !instance.toEnd() || instance.ladder.busy()) {
            return;
        }
        endBy(instance, "stop", false, (driver, handle) -> driver.stop(instance.id, handle, grace));
    }

    private void kill(Instance instance) {
        if (!instance.toBeKilled() || instance.ladder.killing) {
            return;
        }
        endBy(instance, "kill", true, (driver, handle) -> driver.kill(instance.id, handle));
    }

    /** A way to end a hypervisor. */
    private interface Ending {
        StopRung by(VmDriver driver, DriverHandle handle) throws DriverException;
    }

    /** What an ending answered. */
    private record Ended(StopRung rung, Optional<ExitInfo> exit) {}

    private void endBy(Instance instance, String what, boolean kill, Ending ending) {
        Optional<Launch> launch = instance.launch();
        Optional<VmDriver> driver =
                launch.map(l -> table.with.drivers().get(l.handle().driver()));
        if (launch.isEmpty() || driver.isEmpty()) {
            return; // adopt() finds it first
        }
        mark(instance, kill, true);
        DriverHandle handle = launch.get().handle();
        boolean duringStart = instance.startInFlight;
        table.with
                .workers()
                .submit(
                        what + " " + instance.id,
                        () -> {
                            StopRung rung = ending.by(driver.get(), handle);
                            return new Ended(rung, exitOf(driver.get(), instance.id, handle));
                        },
                        outcome -> {
                            mark(instance, kill, false);
                            if (instance.ended()) {
                                return;
                            }
                            if (duringStart) {
                                // It may have been looked for before it existed: only an ending after the start counts.
                                if (!instance.startInFlight) {
                                    carryOut(instance);
                                }
                                return;
                            }
                            outcome.handle(
                                    ended -> endedBy(instance, ended), failure -> notEnded(instance, what, failure));
                        });
    }

    /** The exit of an instance that its driver has just ended. */
    private static Optional<ExitInfo> exitOf(VmDriver driver, InstanceId id, DriverHandle handle)
            throws DriverException {
        InstanceStatus status;
        try {
            status = driver.inspect(id, handle);
        } catch (DriverException e) {
            LOG.debug("cannot look at instance {}", id, e);
            return Optional.empty();
        }
        if (status.power() != InstanceStatus.Power.GONE) {
            throw new DriverException("its driver says that it is gone, and that it is " + status.power());
        }
        return status.exit();
    }

    private static void mark(Instance instance, boolean kill, boolean busy) {
        if (kill) {
            instance.ladder.killing = busy;
        } else {
            instance.ladder.stopping = busy;
        }
    }

    private void endedBy(Instance instance, Ended ended) {
        ExitInfo exit = instance.exitSeen
                .or(ended::exit)
                .orElse(new ExitInfo(ExitInfo.Cause.COMMANDED, 0, 0, "ended by command", ""));
        table.end(instance, instance.entry.exited(table.endOf(instance, exit, Optional.of(ended.rung()))));
    }

    void notEnded(Instance instance, String what, Exception failure) {
        instance.message = "cannot " + what + " it: " + Failures.text(failure);
        LOG.warn("instance {}: {}", instance.id, instance.message, failure);
        table.report(instance);
    }
}
