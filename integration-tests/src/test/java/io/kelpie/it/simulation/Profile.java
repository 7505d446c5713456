package io.kelpie.it.simulation;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * What kind of a run it is: sizes, which faults, how often. Drawn from the seed, each run with another mix, as faults of
 * few kinds at a time reach deeper than all of them at once.
 *
 * @param wishes jobs have rules of placement; without them a VM may start again wherever there is room, and so sooner
 * @param controlPlaneOnly faults meet controllers and store alone, one after the other, and no VM may end
 */
record Profile(
        int controllers,
        int hosts,
        boolean wishes,
        boolean controlPlaneOnly,
        Map<Fault, Integer> weights,
        long meanFaultNanos,
        long meanOperatorNanos,
        int driftMax) {
    /** Follow from others, or are there all the time. */
    private static final Set<Fault> NEVER_DRAWN =
            EnumSet.of(Fault.CLOCK_DRIFT, Fault.SESSION_EXPIRED, Fault.DUPLICATE_CALL);

    /** What administrators do: rarer than other faults, and longer. */
    private static final Set<Fault> ADMINISTRATION =
            EnumSet.of(Fault.FREEZE, Fault.CONTROLLER_SET_CHANGE, Fault.HOST_CONFIRMED_DEAD);

    private static final Set<Fault> DRAWN = drawn();

    /** Sequences, each of which has a profile of its own; see {@link Histories}. */
    private static final Set<Fault> HISTORIES = EnumSet.range(Fault.COMMAND_REPEATED, Fault.GRANTS_STALL);

    private static final Set<Fault> CONTROL_PLANE = EnumSet.of(
            Fault.CONTROLLER_CRASH,
            Fault.CONTROLLER_PAUSE,
            Fault.QUORUM_LOSS,
            Fault.STORE_CUT,
            Fault.SESSION_EXPIRED_UNNOTICED,
            Fault.COMMIT_LOST_APPLIED,
            Fault.COMMIT_LOST_NOT_APPLIED,
            Fault.COMMIT_LATE);

    private static Set<Fault> drawn() {
        Set<Fault> drawn = EnumSet.allOf(Fault.class);
        drawn.removeAll(NEVER_DRAWN);
        drawn.removeAll(ADMINISTRATION);
        return drawn;
    }

    /** This profile, and administrators beside it. */
    Profile administered(World world) {
        SplittableRandom random = world.random("administration");
        Map<Fault, Integer> all = new EnumMap<>(weights);
        for (Fault fault : ADMINISTRATION) {
            if (random.nextInt(3) > 0 && !(controlPlaneOnly && fault == Fault.HOST_CONFIRMED_DEAD)) {
                all.put(fault, controlPlaneOnly ? 1 + random.nextInt(5) : 1);
            }
        }
        return new Profile(
                controllers, hosts, wishes, controlPlaneOnly, all, meanFaultNanos, meanOperatorNanos, driftMax);
    }

    private static final Set<Fault> HARSH = EnumSet.of(
            Fault.HOST_CUT_OFF,
            Fault.PARTITION_BOTH,
            Fault.PARTITION_DOWN,
            Fault.AGENT_PAUSE,
            Fault.AGENT_CRASH,
            Fault.CONTROLLER_PAUSE,
            Fault.CONTROLLER_CRASH,
            Fault.STORE_CUT,
            Fault.STORE_SLOW,
            Fault.MESSAGE_DELAY,
            Fault.GUARD_DELAY,
            Fault.COMMIT_LATE,
            Fault.SESSION_EXPIRED_UNNOTICED);

    /** The profile of a seed. */
    static Profile drawn(World world) {
        SplittableRandom random = world.random("profile");
        boolean controlPlaneOnly = random.nextInt(4) == 0;
        Map<Fault, Integer> weights = new EnumMap<>(Fault.class);
        for (Fault fault : controlPlaneOnly ? CONTROL_PLANE : DRAWN) {
            if (controlPlaneOnly || random.nextInt(3) > 0) {
                weights.put(fault, 1 + random.nextInt(8));
            }
        }
        Profile profile = new Profile(
                2 + random.nextInt(2),
                3 + random.nextInt(3),
                true,
                controlPlaneOnly,
                weights,
                controlPlaneOnly ? 40 * World.SECOND : World.SECOND * (3 + random.nextInt(40)),
                World.SECOND * (5 + random.nextInt(60)),
                100);
        return profile.administered(world);
    }

    /** A run in which leases lapse all the time: what a missing rule lets through comes soon. */
    static Profile harsh(World world) {
        SplittableRandom random = world.random("harsh profile");
        Map<Fault, Integer> weights = new EnumMap<>(Fault.class);
        for (Fault fault : DRAWN) {
            if (!HISTORIES.contains(fault) && random.nextInt(2) == 0) {
                weights.put(fault, 1 + random.nextInt(4));
            }
        }
        for (Fault fault : HARSH) {
            if (random.nextInt(4) > 0) {
                weights.merge(fault, 4 + random.nextInt(12), Math::max);
            }
        }
        weights.merge(Fault.HOST_CUT_OFF, 5, Math::max);
        return new Profile(
                2 + random.nextInt(2),
                3,
                false,
                false,
                weights,
                World.SECOND * (2 + random.nextInt(8)),
                World.SECOND * (5 + random.nextInt(20)),
                100);
    }

    /** A run with these faults alone, often. */
    static Profile of(World world, Set<Fault> faults) {
        SplittableRandom random = world.random("narrow profile");
        Map<Fault, Integer> weights = new EnumMap<>(Fault.class);
        faults.forEach(fault -> weights.put(fault, 1 + random.nextInt(5)));
        return new Profile(
                2 + random.nextInt(2),
                3,
                false,
                false,
                weights,
                World.SECOND * (2 + random.nextInt(6)),
                World.SECOND * (3 + random.nextInt(12)),
                100);
    }
}
