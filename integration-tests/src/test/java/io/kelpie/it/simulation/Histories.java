package io.kelpie.it.simulation;

import io.kelpie.it.simulation.Observer.End;
import io.kelpie.it.simulation.SimMachine.Exit;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Predicate;

/**
 * Faults in an order that chance alone hardly ever finds: each is a sequence with jitter, made for one safety rule. They
 * come under the safe rules too. Times in comments are the ones of the default lease: 12 s, and 14.24 s until a fence.
 */
final class Histories {
    private final World world;
    private final Faults faults;
    private final List<SimController> controllers;
    private final List<SimAgent> agents;
    private final SplittableRandom random;
    private long busyUntilNanos;

    Histories(World world, Faults faults, List<SimController> controllers, List<SimAgent> agents) {
        this.world = world;
        this.faults = faults;
        this.controllers = controllers;
        this.agents = agents;
        this.random = world.random("histories");
    }

    /** Begins a history, unless another one goes on or there is nobody whom it could be about. */
    void play(Fault fault) {
        Optional<SimController> leader =
                controllers.stream().filter(SimController::leads).findFirst();
        Optional<SimAgent> busiest = agents.stream()
                .filter(agent -> agent.process.runs() && agent.machine.up)
                .filter(agent -> agent.links().stream().noneMatch(Link::cut))
                .max(Comparator.comparingLong(Histories::leasedRunning));
        if (leader.isEmpty() || busiest.isEmpty() || world.now() < busyUntilNanos) {
            return;
        }
        SimController controller = leader.get();
        SimAgent agent = busiest.get();
        world.fault(fault, controller.id + " " + agent.machine.name);
        switch (fault) {
            case GRANT_READ_LATE -> grantReadLate(agent);
            case STORE_LOST_THEN_HOST_CUT -> storeLostThenHostCut(controller, agent);
            case PROOF_ANSWERED_IN_THE_NEXT_TERM -> proofAnsweredInTheNextTerm(controller, agent);
            case GUARD_HANGS_THROUGH_A_FENCE -> guardHangsThroughAFence(agent);
            case START_LOST_AND_REPEATED -> startLostAndRepeated(agent);
            case GRANTS_STALL -> grantsStall(controller, agent);
            case COMMAND_REPEATED -> commandRepeated(agent);
            default -> throw new IllegalArgumentException("no history: " + fault);
        }
    }

    /** The agent does not run when a grant arrives, reads it before its stream has been silent for too long, and is cut off. */
    private void grantReadLate(SimAgent agent) {
        busyFor(30);
        agent.repeats.whenGranted(() -> {
            long pause = seconds(2.75, 2.97);
            agent.process.pause();
            faults.undoAfter(pause, agent.process::resume);
            faults.onlyAfter(pause - World.SECOND / 10, () -> cutOff(agent, seconds(20, 25)));
        });
        faults.undoAfter(20 * World.SECOND, () -> agent.repeats.whenGranted(() -> {}));
    }

    /**
     * The leader cannot prove that it leads, as it has lost the store or its proofs stall; it says that it does not lead,
     * and leads on; then the host is silent. The answer has lengthened its lease beyond what the last grant tells.
     */
    private void storeLostThenHostCut(SimController leader, SimAgent agent) {
        busyFor(30);
        long outage = seconds(2.5, 3.2);
        if (random.nextBoolean()) {
            leader.cutStore(true);
            faults.undoAfter(outage, () -> leader.cutStore(false));
        } else {
            outage += seconds(0, 5);
            leader.stallLeases(true);
            faults.undoAfter(outage, () -> leader.stallLeases(false));
        }
        // Its stream is reset too, else the question that waits would be granted, and noted, when the leader can again.
        faults.onlyAfter(outage - seconds(0.22, 0.4), () -> {
            agent.links().forEach(Link::breakStreams);
            cutOff(agent, seconds(20, 28));
        });
    }

    /** A proof succeeds, the term ends, and its answer comes seconds later, to a leader that does not know. */
    private void proofAnsweredInTheNextTerm(SimController leader, SimAgent agent) {
        busyFor(35);
        leader.lagStore(seconds(3.0, 3.6));
        faults.undoAfter(seconds(6, 8), () -> leader.lagStore(0));
        for (Link link : agent.links()) {
            if (link != agent.link(leader.address)) {
                link.cut(true, true);
                faults.undoAfter(seconds(24, 32), link::heal);
            }
        }
        faults.onlyAfter(seconds(0.2, 0.7), () -> leader.expireSession(8 * World.SECOND));
    }

    /** A guard hangs before its check while its host is cut off, fenced, and back; nothing ends it at once. */
    private void guardHangsThroughAFence(SimAgent agent) {
        busyFor(10);
        SimMachine machine = agent.machine;
        machine.guardsHangUntilNanos = world.now() + 60 * World.SECOND;
        faults.undoAfter(40 * World.SECOND, () -> machine.guardsHangUntilNanos = 0);
        crash(agents, 2);
        awaitHangingGuard(agent, 30);
    }

    private void awaitHangingGuard(SimAgent agent, int looks) {
        SimMachine machine = agent.machine;
        boolean hangs = machine.spawned.values().stream().anyMatch(guard -> guard.leased() && !guard.qemuRuns());
        if (!hangs) {
            if (looks > 0) {
                faults.onlyAfter(World.SECOND / 5, () -> awaitHangingGuard(agent, looks - 1));
            } else {
                machine.guardsHangUntilNanos = 0;
            }
            return;
        }
        busyFor(40);
        long away = seconds(15, 20);
        cutOff(agent, away);
        machine.stopNanos = 40 * World.SECOND;
        machine.guardsHangUntilNanos = world.now() + away + seconds(0.5, 6);
        faults.undoAfter(away + seconds(8, 12), () -> {
            machine.stopNanos = World.SECOND / 2;
            machine.guardsHangUntilNanos = 0;
        });
    }

    /** A start is lost with its host, which is fenced; it comes by the network when the host has a new lease. */
    private void startLostAndRepeated(SimAgent agent) {
        busyFor(40);
        agent.repeats.record();
        faults.undoAfter(38 * World.SECOND, agent.repeats::stop);
        long away = seconds(17, 21);
        agent.links().forEach(link -> link.cut(false, true));
        faults.undoAfter(away, () -> agent.links().forEach(Link::heal));
        crash(agents, 3);
        faults.onlyAfter(seconds(2.2, 2.8), () -> agent.links().forEach(link -> link.cut(true, true)));
        for (int i = 0; i < 3; i++) {
            faults.onlyAfter(away + (2 + 3 * i) * World.SECOND, () -> deliverUnheard(agent));
        }
    }

    /** What the host says of the starts that come again is late, so nobody stops it. */
    private void deliverUnheard(SimAgent agent) {
        agent.links().forEach(link -> link.cut(true, false));
        faults.undoAfter(seconds(1, 2), () -> agent.links().forEach(Link::heal));
        agent.repeats.deliver();
    }

    /**
     * The deadline file cannot be written, so the host lapses although it is granted; when it asks for a new lease, the
     * leader's thread of leases stalls until the host is fenced.
     */
    private void grantsStall(SimController leader, SimAgent agent) {
        busyFor(45);
        agent.repeats.record();
        faults.undoAfter(44 * World.SECOND, agent.repeats::stop);
        agent.breakDisk(true);
        long lapsed = 12 * World.SECOND;
        faults.undoAfter(lapsed + seconds(0.2, 1), () -> agent.breakDisk(false));
        faults.onlyAfter(lapsed - seconds(0, 0.3), () -> leader.stallLeases(true));
        faults.undoAfter(lapsed + 17 * World.SECOND, () -> leader.stallLeases(false));
        for (int i = 0; i < 3; i++) {
            faults.onlyAfter(lapsed + seconds(8.7, 10.4), () -> crash(agents, 2));
        }
        faults.onlyAfter(lapsed + 12 * World.SECOND, () -> grantWhenFenced(leader, agent, 250));
    }

    private void grantWhenFenced(SimController leader, SimAgent agent, int looks) {
        if (leader.holdsFenced(agent.machine.name)) {
            leader.stallLeases(false);
            for (int i = 1; i <= 3; i++) {
                faults.onlyAfter(i * World.SECOND / 2, () -> deliverUnheard(agent));
            }
        } else if (looks > 0) {
            faults.onlyAfter(World.SECOND / 50, () -> grantWhenFenced(leader, agent, looks - 1));
        }
    }

    /** The network delivers starts more than once. */
    private void commandRepeated(SimAgent agent) {
        busyFor(20);
        agent.repeats.record();
        faults.undoAfter(20 * World.SECOND, agent.repeats::stop);
        for (int i = 0; i < 8; i++) {
            faults.onlyAfter(seconds(1, 20), agent.repeats::deliver);
        }
    }

    // ---- what histories are made of ----

    private void cutOff(SimAgent agent, long nanos) {
        agent.links().forEach(link -> link.cut(true, true));
        faults.undoAfter(nanos, () -> agent.links().forEach(Link::heal));
    }

    /** Ends leased hypervisors anywhere, so that there is something to start. */
    private void crash(List<SimAgent> where, int count) {
        Predicate<SimGuard> leased = guard -> guard.leased() && guard.qemuRuns();
        for (int i = 0; i < count; i++) {
            List<SimGuard> running = where.stream()
                    .flatMap(agent -> agent.machine.spawned.values().stream())
                    .filter(leased)
                    .toList();
            if (!running.isEmpty()) {
                running.get(random.nextInt(running.size())).end(End.GUEST, Exit.GUEST_SHUTDOWN);
            }
        }
    }

    private static long leasedRunning(SimAgent agent) {
        return agent.machine.spawned.values().stream()
                .filter(guard -> guard.leased() && guard.qemuRuns())
                .count();
    }

    private void busyFor(int seconds) {
        busyUntilNanos = world.now() + seconds * World.SECOND;
    }

    private long seconds(double from, double to) {
        return (long) ((from + random.nextDouble() * (to - from)) * World.SECOND);
    }
}
