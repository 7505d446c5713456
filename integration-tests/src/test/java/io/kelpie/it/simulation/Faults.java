package io.kelpie.it.simulation;

import io.kelpie.controller.store.memory.CommitFault;
import io.kelpie.it.simulation.Observer.End;
import io.kelpie.it.simulation.SimMachine.Exit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** Makes things go wrong by chance, and well again. */
final class Faults {
    private final World world;
    private final Profile profile;
    private final SimEnsemble ensemble;
    private final Fleet fleet;
    private final List<SimController> controllers;
    private final List<SimAgent> agents;
    private final Administrators administrators;
    private final SplittableRandom random;
    private final Repairs repairs;
    private final Histories histories;
    private boolean active;
    private int rounds;

    Faults(
            World world,
            Profile profile,
            SimEnsemble ensemble,
            Fleet fleet,
            Administrators administrators,
            Repairs repairs) {
        this.world = world;
        this.profile = profile;
        this.ensemble = ensemble;
        this.fleet = fleet;
        this.controllers = fleet.controllers;
        this.agents = fleet.agents;
        this.administrators = administrators;
        this.repairs = repairs;
        this.random = world.random("faults");
        this.histories = new Histories(world, this, controllers, agents);
    }

    void begin() {
        active = true;
        rounds++;
        next(rounds);
    }

    /** No more faults, and all is well again; what has ended is started anew. */
    void heal() {
        active = false;
        repairs.all();
        fleet.heal();
        administrators.rest();
        ensemble.deliverLate();
    }

    private void next(int round) {
        long mean = profile.meanFaultNanos();
        long pause = profile.controlPlaneOnly() ? mean + random.nextLong(mean) : random.nextLong(2 * mean);
        world.after(pause, () -> {
            if (active && round == rounds) {
                // What a cluster promises of its control plane holds for one fault of it at a time.
                if (!profile.controlPlaneOnly() || repairs.isEmpty() && !administrators.busy()) {
                    strike(draw());
                }
                next(round);
            }
        });
    }

    private Fault draw() {
        int sum =
                profile.weights().values().stream().mapToInt(Integer::intValue).sum();
        int at = random.nextInt(sum);
        for (Map.Entry<Fault, Integer> entry : profile.weights().entrySet()) {
            at -= entry.getValue();
            if (at < 0) {
                return entry.getKey();
            }
        }
        throw new IllegalStateException("no fault is drawn");
    }

    /** Does this later, unless all is healed before. */
    void onlyAfter(long nanos, Runnable task) {
        int round = rounds;
        world.after(nanos, () -> {
            if (active && round == rounds) {
                task.run();
            }
        });
    }

    /** Does this later, or when all is healed. */
    void undoAfter(long nanos, Runnable task) {
        repairs.after(nanos, task);
    }

    private long seconds(double from, double to) {
        return (long) ((from + random.nextDouble() * (to - from)) * World.SECOND);
    }

    private SimController controller() {
        // The leader is the one that matters.
        if (random.nextInt(2) == 0) {
            for (SimController controller : controllers) {
                if (controller.leads()) {
                    return controller;
                }
            }
        }
        return controllers.get(random.nextInt(controllers.size()));
    }

    private SimAgent agent() {
        return agents.get(random.nextInt(agents.size()));
    }

    private Link link() {
        List<Link> links = new ArrayList<>(agent().links());
        return links.get(random.nextInt(links.size()));
    }

    void strike(Fault fault) {
        switch (fault) {
            case MESSAGE_DELAY -> {
                Link link = link();
                world.fault(fault, link.name);
                link.slow(seconds(0.01, 4));
                undoAfter(seconds(1, 30), () -> link.slow(0));
            }
            case STREAM_BREAK -> {
                Link link = link();
                world.fault(fault, link.name);
                link.breakStreams();
            }
            case PARTITION_UP -> cut(fault, link(), true, false);
            case PARTITION_DOWN -> cut(fault, link(), false, true);
            case PARTITION_BOTH -> cut(fault, link(), true, true);
            case HOST_CUT_OFF -> {
                SimAgent agent = agent();
                world.fault(fault, agent.machine.name);
                agent.links().forEach(link -> link.cut(true, true));
                undoAfter(seconds(1, 60), () -> agent.links().forEach(Link::heal));
            }
            case CONTROLLER_PAUSE -> pauseController(fault);
            case CONTROLLER_CRASH -> crashController(fault);
            case AGENT_PAUSE -> {
                SimAgent agent = agent();
                if (agent.process.runs()) {
                    world.fault(fault, agent.process.name);
                    agent.process.pause();
                    undoAfter(seconds(0.2, 60), agent.process::resume);
                }
            }
            case AGENT_CRASH -> {
                SimAgent agent = agent();
                if (agent.process.alive()) {
                    world.fault(fault, agent.process.name);
                    fleet.stop(agent);
                    undoAfter(seconds(0.2, 40), () -> fleet.start(agent));
                }
            }
            case HOST_REBOOT -> {
                SimAgent agent = agent();
                if (agent.machine.up) {
                    world.fault(fault, agent.machine.name);
                    agent.crash();
                    agent.machine.powerOff();
                    undoAfter(seconds(4, 90), () -> {
                        agent.machine.boot();
                        fleet.start(agent);
                    });
                }
            }
            case GUARD_KILL -> {
                SimMachine machine = agent().machine;
                List<SimGuard> guards = new ArrayList<>(machine.spawned.values());
                if (!guards.isEmpty()) {
                    world.fault(fault, machine.name);
                    guards.get(random.nextInt(guards.size())).kill(End.GUARD_KILLED);
                }
            }
            case QEMU_CRASH -> endQemu(fault, End.CRASH, Exit.SIGNAL);
            case GUEST_SHUTDOWN -> endQemu(fault, End.GUEST, Exit.GUEST_SHUTDOWN);
            case STORE_CUT -> {
                SimController controller = controller();
                world.fault(fault, controller.id);
                controller.cutStore(true);
                undoAfter(
                        profile.controlPlaneOnly() ? seconds(0.2, 6) : seconds(0.2, 20),
                        () -> controller.cutStore(false));
            }
            case QUORUM_LOSS -> {
                if (ensemble.quorum()) {
                    world.fault(fault, "");
                    setQuorum(false);
                    undoAfter(seconds(0.5, 60), () -> setQuorum(true));
                }
            }
            case SESSION_EXPIRED -> throw new IllegalStateException("follows from others");
            case SESSION_EXPIRED_UNNOTICED -> {
                SimController controller = controller();
                if (controller.process.alive()) {
                    world.fault(fault, controller.id);
                    long unnoticed = random.nextInt(2) == 0 ? seconds(0, 1) : seconds(0, 30);
                    controller.expireSession(unnoticed);
                }
            }
            case COMMIT_LOST_APPLIED -> failCommit(fault, CommitFault.LOST_APPLIED);
            case COMMIT_LOST_NOT_APPLIED -> failCommit(fault, CommitFault.LOST_NOT_APPLIED);
            case COMMIT_LATE -> {
                failCommit(fault, CommitFault.LOST_UNDER_WAY);
                undoAfter(seconds(0, 20), ensemble::deliverLate);
            }
            case STORE_SLOW -> {
                SimController controller = controller();
                world.fault(fault, controller.id);
                controller.slowStore(seconds(0.05, 4));
                undoAfter(seconds(1, 30), () -> controller.slowStore(0));
            }
            case GUARD_DELAY -> {
                SimMachine machine = agent().machine;
                machine.guardDelayNanos = seconds(0.5, 60);
                undoAfter(seconds(5, 60), () -> machine.guardDelayNanos = 0);
            }
            case SLOW_START -> {
                SimMachine machine = agent().machine;
                world.fault(fault, machine.name);
                machine.startNanos = seconds(1, 40);
                undoAfter(seconds(5, 60), () -> machine.startNanos = World.SECOND / 3);
            }
            case SLOW_STOP -> {
                SimMachine machine = agent().machine;
                world.fault(fault, machine.name);
                machine.stopNanos = seconds(1, 40);
                undoAfter(seconds(5, 60), () -> machine.stopNanos = World.SECOND / 2);
            }
            case AGENT_DISK -> {
                SimAgent agent = agent();
                world.fault(fault, agent.machine.name);
                agent.breakDisk(true);
                undoAfter(seconds(0.5, 30), () -> agent.breakDisk(false));
            }
            case COMMAND_REPEATED,
                    GRANT_READ_LATE,
                    STORE_LOST_THEN_HOST_CUT,
                    PROOF_ANSWERED_IN_THE_NEXT_TERM,
                    GUARD_HANGS_THROUGH_A_FENCE,
                    START_LOST_AND_REPEATED,
                    GRANTS_STALL -> histories.play(fault);
            case FREEZE -> administrators.freeze();
            case CONTROLLER_SET_CHANGE -> administrators.changeControllers();
            case HOST_CONFIRMED_DEAD -> administrators.callDead(agent());
            case CLOCK_DRIFT, DUPLICATE_CALL -> throw new IllegalStateException("not drawn: " + fault);
        }
    }

    private void cut(Fault fault, Link link, boolean up, boolean down) {
        world.fault(fault, link.name);
        link.cut(up, down);
        undoAfter(seconds(0.2, 45), link::heal);
    }

    private void pauseController(Fault fault) {
        SimController controller = controller();
        if (controller.process.runs()) {
            world.fault(fault, controller.id);
            controller.process.pause();
            controller.pausedFrom(world.now());
            undoAfter(seconds(0.2, 30), controller.process::resume);
        }
    }

    private void crashController(Fault fault) {
        SimController controller = controller();
        if (controller.process.alive()) {
            world.fault(fault, controller.id);
            fleet.stop(controller);
            undoAfter(seconds(0.5, 25), () -> fleet.start(controller));
        }
    }

    private void endQemu(Fault fault, End how, Exit exit) {
        SimMachine machine = agent().machine;
        List<SimGuard> guards =
                machine.spawned.values().stream().filter(SimGuard::qemuRuns).toList();
        if (!guards.isEmpty()) {
            world.fault(fault, machine.name);
            guards.get(random.nextInt(guards.size())).end(how, exit);
        }
    }

    private void setQuorum(boolean now) {
        world.note("quorum " + now);
        ensemble.setQuorum(now);
        controllers.forEach(SimController::storeChanged);
    }

    private void failCommit(Fault fault, CommitFault how) {
        for (SimController controller : controllers) {
            if (controller.leads()) {
                world.fault(fault, controller.id);
                controller.store().failNextCommit(how);
            }
        }
    }
}
