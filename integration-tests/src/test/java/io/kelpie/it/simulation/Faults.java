package io.kelpie.it.simulation;

import io.kelpie.controller.store.memory.CommitFault;
import io.kelpie.it.simulation.Observer.End;
import io.kelpie.it.simulation.SimMachine.Exit;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/** Makes things go wrong by chance, and well again. */
final class Faults {
    /** What makes a fault good again, once. */
    private final class Undo {
        private final Runnable task;
        private boolean done;

        Undo(Runnable task) {
            this.task = task;
        }

        void run() {
            if (!done) {
                done = true;
                pending.remove(this);
                task.run();
            }
        }
    }

    private final World world;
    private final Profile profile;
    private final SimEnsemble ensemble;
    private final List<SimController> controllers;
    private final List<SimAgent> agents;
    private final SplittableRandom random;
    private final Set<Undo> pending = new LinkedHashSet<>();
    private boolean active;
    private int rounds;

    Faults(World world, Profile profile, SimEnsemble ensemble, List<SimController> controllers, List<SimAgent> agents) {
        this.world = world;
        this.profile = profile;
        this.ensemble = ensemble;
        this.controllers = controllers;
        this.agents = agents;
        this.random = world.random("faults");
    }

    void begin() {
        active = true;
        rounds++;
        next(rounds);
    }

    /** No more faults, and all is well again; what has ended is started anew. */
    void heal() {
        active = false;
        List.copyOf(pending).forEach(Undo::run);
        ensemble.deliverLate();
    }

    private void next(int round) {
        long mean = profile.meanFaultNanos();
        long pause = profile.controlPlaneOnly() ? mean + random.nextLong(mean) : random.nextLong(2 * mean);
        world.after(pause, () -> {
            if (active && round == rounds) {
                // What a cluster promises of its control plane holds for one fault of it at a time.
                if (!profile.controlPlaneOnly() || pending.isEmpty()) {
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

    private void undoAfter(long nanos, Runnable task) {
        Undo undo = new Undo(task);
        pending.add(undo);
        world.after(nanos, undo::run);
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
        List<Link> links = new ArrayList<>(agent().links.values());
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
                agent.links.values().forEach(link -> link.cut(true, true));
                undoAfter(seconds(1, 60), () -> agent.links.values().forEach(Link::heal));
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
                    agent.crash();
                    agent.links.values().forEach(link -> link.died(agent.process));
                    undoAfter(seconds(0.2, 40), () -> startAgent(agent));
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
                        startAgent(agent);
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
            case CLOCK_DRIFT, FREEZE, CONTROLLER_SET_CHANGE, HOST_CONFIRMED_DEAD, DUPLICATE_CALL ->
                throw new IllegalStateException("not drawn: " + fault);
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
            controller.crash();
            agents.forEach(agent -> {
                Link link = agent.links.get(controller.address);
                if (link != null) {
                    link.died(controller.process);
                }
            });
            undoAfter(seconds(0.5, 25), () -> {
                if (!controller.process.alive()) {
                    world.note(controller.id + " is started");
                    controller.start();
                }
            });
        }
    }

    private void startAgent(SimAgent agent) {
        if (agent.machine.up && !agent.process.alive()) {
            world.note(agent.process.name + " is started");
            agent.start();
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
