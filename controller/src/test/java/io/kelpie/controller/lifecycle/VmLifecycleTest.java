package io.kelpie.controller.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.lifecycle.Transition.Ignored;
import io.kelpie.controller.lifecycle.Transition.Illegal;
import io.kelpie.controller.lifecycle.Transition.Taken;
import io.kelpie.controller.model.VmState;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class VmLifecycleTest {
    /**
     * Every cell: {@code .} illegal, {@code =} ignored, else the state it leads to and its effects: A acquire, R release,
     * I next incarnation, Q enqueue, D dequeue, S send start, X send stop, M send migrate, e send again, k kill, f host
     * faulty.
     */
    private static final String EXPECTED = """
            .                    PENDING  PLACED    STARTING  RUNNING    MIGRATING   STOPPING    EVICTING    DELETING    STOPPED    FAILED     DELETED
            ACCEPTED             .        .         .         .          .           .           .           .           .          .          .
            PLACEMENT_COMMITTED  PL:ADS   .         .         .          .           .           .           .           .          .          .
            START_ACCEPTED       .        ST:       =         =          =           =           =           =           =          =          =
            START_REJECTED       .        PE:RIQ    PE:RIQ    .          .           SP:R        PE:RIQ      DD:R        =          =          =
            GUEST_RUNNING        .        RU:       RU:       =          =           =           =           =           =          =          =
            EXITED_RESTART       .        PE:RIQ    PE:RIQ    PE:RIQ     PE:RIQ      SP:R        PE:RIQ      DD:R        =          =          =
            EXITED_FINAL_CLEAN   .        SP:R      SP:R      SP:R       SP:R        SP:R        PE:RIQ      DD:R        =          =          =
            EXITED_FINAL_FAILED  .        FA:R      FA:R      FA:R       FA:R        SP:R        PE:RIQ      DD:R        =          =          =
            HOST_FENCED          .        PE:RIQ    PE:RIQ    PE:RIQ     PE:RIQ      SP:R        PE:RIQ      DD:R        =          =          =
            ATTEMPTS_EXHAUSTED   FA:D     .         .         .          .           .           .           .           .          .          .
            START_REQUESTED      =        =         =         =          =           EV:         =           .           PE:IQ      PE:IQ      .
            STOP_REQUESTED       SP:D     SG:X      SG:X      SG:X       SG:X        =           SG:         =           =          =          .
            EVICT_REQUESTED      =        EV:X      EV:X      EV:X       EV:X        .           =           .           .          .          .
            DELETE_REQUESTED     DD:D     DG:X      DG:X      DG:X       DG:X        DG:         DG:         =           DD:        DD:        =
            MIGRATION_COMMITTED  .        .         .         MI:AIM     .           .           .           .           .          .          .
            SWITCHOVER_COMMITTED .        .         .         .          ST:         .           .           .           .          .          .
            MIGRATION_FAILED     .        .         =         =          RU:         =           =           =           =          =          =
            DEADLINE_1           .        PL:e      ST:e      .          MI:e        SG:e        EV:e        DG:e        .          .          .
            DEADLINE_2           .        PL:k      ST:k      .          MI:k        SG:k        EV:k        DG:k        .          .          .
            DEADLINE_3           .        PL:f      ST:f      .          MI:f        SG:f        EV:f        DG:f        .          .          .
            """;

    /** States whose VM holds a place on a host. */
    private static final Set<VmState> HOLDING = EnumSet.of(
            VmState.PLACED,
            VmState.STARTING,
            VmState.RUNNING,
            VmState.MIGRATING,
            VmState.STOPPING,
            VmState.EVICTING,
            VmState.DELETING);

    private static final Set<VmEvent> GONE = EnumSet.of(
            VmEvent.EXITED_RESTART,
            VmEvent.EXITED_FINAL_CLEAN,
            VmEvent.EXITED_FINAL_FAILED,
            VmEvent.START_REJECTED,
            VmEvent.HOST_FENCED);

    @Test
    void everyCellIsAsTheTableSays() {
        List<String[]> lines =
                EXPECTED.lines().map(line -> line.trim().split(" +")).toList();
        Map<String, String> expected = new TreeMap<>();
        for (String[] row : lines.subList(1, lines.size())) {
            for (int column = 1; column < row.length; column++) {
                expected.put(lines.get(0)[column] + " " + row[0], row[column]);
            }
        }
        Map<String, String> actual = new TreeMap<>();
        for (VmState state : VmState.values()) {
            for (VmEvent event : VmEvent.values()) {
                actual.put(state + " " + event, show(VmLifecycle.next(state, event)));
            }
        }
        assertThat(actual).hasSize(11 * 20).isEqualTo(expected);
    }

    @Test
    void aNewVmWaitsForAPlace() {
        assertThat(VmLifecycle.initial())
                .isEqualTo(new Taken(VmState.PENDING, List.of(VmEffect.NEXT_INCARNATION, VmEffect.ENQUEUE)));
    }

    @Test
    void everyStateIsReachable() {
        assertThat(reachableFrom(VmLifecycle.initial().to())).isEqualTo(EnumSet.allOf(VmState.class));
    }

    @Test
    void deletedIsReachableFromEveryStateByADeletionAndTheEndOfTheInstance() {
        for (VmState state : VmState.values()) {
            assertThat(reachableFrom(state)).as("%s", state).contains(VmState.DELETED);
            assertThat(deleteAndEnd(state)).as("%s", state).isEqualTo(VmState.DELETED);
        }
    }

    @Test
    void reservationsFollowTheStatesThatHoldThem() {
        forEachTaken((from, event, taken) -> {
            boolean acquires = !HOLDING.contains(from) && HOLDING.contains(taken.to());
            boolean acquiresTarget = from != VmState.MIGRATING && taken.to() == VmState.MIGRATING;
            assertThat(count(taken, VmEffect.ACQUIRE))
                    .as("acquire at %s + %s", from, event)
                    .isEqualTo(acquires || acquiresTarget ? 1 : 0);
            assertThat(count(taken, VmEffect.RELEASE))
                    .as("release at %s + %s", from, event)
                    .isEqualTo(HOLDING.contains(from) && !HOLDING.contains(taken.to()) ? 1 : 0);
        });
    }

    @Test
    void theQueueHoldsExactlyThePendingVms() {
        forEachTaken((from, event, taken) -> {
            boolean leaves = from == VmState.PENDING && taken.to() != VmState.PENDING;
            boolean enters = from != VmState.PENDING && taken.to() == VmState.PENDING;
            assertThat(count(taken, VmEffect.DEQUEUE))
                    .as("%s + %s", from, event)
                    .isEqualTo(leaves ? 1 : 0);
            assertThat(count(taken, VmEffect.ENQUEUE))
                    .as("%s + %s", from, event)
                    .isEqualTo(enters ? 1 : 0);
        });
    }

    @Test
    void everyNewInstanceHasANewIncarnation() {
        forEachTaken((from, event, taken) -> {
            boolean enters = from != VmState.PENDING && taken.to() == VmState.PENDING;
            boolean migrates = taken.effects().contains(VmEffect.SEND_MIGRATE);
            assertThat(count(taken, VmEffect.NEXT_INCARNATION))
                    .as("%s + %s", from, event)
                    .isEqualTo(enters || migrates ? 1 : 0);
        });
    }

    @Test
    void anyApplicableEndOfTheInstanceFrees() {
        for (VmState state : HOLDING) {
            int applicable = 0;
            for (VmEvent event : GONE) {
                if (VmLifecycle.next(state, event) instanceof Taken taken) {
                    applicable++;
                    assertThat(taken.effects()).as("%s + %s", state, event).contains(VmEffect.RELEASE);
                    assertThat(HOLDING).as("%s + %s", state, event).doesNotContain(taken.to());
                }
            }
            assertThat(applicable).as("%s", state).isGreaterThanOrEqualTo(4);
        }
    }

    @Test
    void everyPassingStateHasThreeDeadlinesThatKeepIt() {
        for (VmState state : VmState.values()) {
            boolean passing = HOLDING.contains(state) && state != VmState.RUNNING;
            for (VmEvent deadline : List.of(VmEvent.DEADLINE_1, VmEvent.DEADLINE_2, VmEvent.DEADLINE_3)) {
                Transition transition = VmLifecycle.next(state, deadline);
                if (passing) {
                    assertThat(transition)
                            .isInstanceOfSatisfying(
                                    Taken.class, taken -> assertThat(taken.to()).isEqualTo(state));
                } else {
                    assertThat(transition).isEqualTo(new Illegal());
                }
            }
        }
    }

    @Test
    void aRandomWalkNeverSticksAndKeepsItsBooks() {
        for (long seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            VmState state = VmLifecycle.initial().to();
            boolean queued = true;
            boolean held = false;
            for (int step = 0; step < 200 && state != VmState.DELETED; step++) {
                List<Taken> moves = moves(state);
                assertThat(moves).as("ways out of %s, seed %d", state, seed).isNotEmpty();
                Taken taken = moves.get(random.nextInt(moves.size()));
                boolean wasHeld = held;
                for (VmEffect effect : taken.effects()) {
                    switch (effect) {
                        case ACQUIRE -> held = true;
                        case RELEASE -> {
                            assertThat(wasHeld)
                                    .as("released what it held, seed %d", seed)
                                    .isTrue();
                            held = false;
                        }
                        case ENQUEUE -> queued = true;
                        case DEQUEUE -> queued = false;
                        case NEXT_INCARNATION,
                                SEND_START,
                                SEND_STOP,
                                SEND_MIGRATE,
                                RESEND,
                                SEND_KILL,
                                MARK_HOST_FAULTY -> {}
                    }
                }
                state = taken.to();
                assertThat(held).as("held in %s, seed %d", state, seed).isEqualTo(HOLDING.contains(state));
                assertThat(queued).as("queued in %s, seed %d", state, seed).isEqualTo(state == VmState.PENDING);
            }
            assertThat(deleteAndEnd(state)).as("seed %d", seed).isEqualTo(VmState.DELETED);
        }
    }

    private interface CellCheck {
        void check(VmState from, VmEvent event, Taken taken);
    }

    private static void forEachTaken(CellCheck check) {
        int cells = 0;
        for (VmState from : VmState.values()) {
            for (VmEvent event : VmEvent.values()) {
                if (VmLifecycle.next(from, event) instanceof Taken taken) {
                    check.check(from, event, taken);
                    cells++;
                }
            }
        }
        assertThat(cells).isGreaterThan(60);
    }

    private static List<Taken> moves(VmState from) {
        return Stream.of(VmEvent.values())
                .map(event -> VmLifecycle.next(from, event))
                .filter(Taken.class::isInstance)
                .map(Taken.class::cast)
                .toList();
    }

    private static Set<VmState> reachableFrom(VmState start) {
        Set<VmState> reached = EnumSet.of(start);
        List<VmState> open = new ArrayList<>(reached);
        while (!open.isEmpty()) {
            for (Taken taken : moves(open.remove(open.size() - 1))) {
                if (reached.add(taken.to())) {
                    open.add(taken.to());
                }
            }
        }
        return reached;
    }

    /** Where a VM is after an operator's deletion and the fence of its host, in that order. */
    private static VmState deleteAndEnd(VmState state) {
        return after(after(state, VmEvent.DELETE_REQUESTED), VmEvent.HOST_FENCED);
    }

    private static VmState after(VmState state, VmEvent event) {
        return VmLifecycle.next(state, event) instanceof Taken taken ? taken.to() : state;
    }

    private static long count(Taken taken, VmEffect effect) {
        return taken.effects().stream().filter(effect::equals).count();
    }

    private static String show(Transition transition) {
        if (transition instanceof Ignored) {
            return "=";
        }
        if (transition instanceof Taken taken) {
            return show(taken.to())
                    + taken.effects().stream().map(VmLifecycleTest::show).collect(Collectors.joining());
        }
        return ".";
    }

    private static String show(VmState state) {
        return switch (state) {
            case PENDING -> "PE:";
            case PLACED -> "PL:";
            case STARTING -> "ST:";
            case RUNNING -> "RU:";
            case MIGRATING -> "MI:";
            case STOPPING -> "SG:";
            case EVICTING -> "EV:";
            case DELETING -> "DG:";
            case STOPPED -> "SP:";
            case FAILED -> "FA:";
            case DELETED -> "DD:";
        };
    }

    private static String show(VmEffect effect) {
        return switch (effect) {
            case ACQUIRE -> "A";
            case RELEASE -> "R";
            case NEXT_INCARNATION -> "I";
            case ENQUEUE -> "Q";
            case DEQUEUE -> "D";
            case SEND_START -> "S";
            case SEND_STOP -> "X";
            case SEND_MIGRATE -> "M";
            case RESEND -> "e";
            case SEND_KILL -> "k";
            case MARK_HOST_FAULTY -> "f";
        };
    }
}
