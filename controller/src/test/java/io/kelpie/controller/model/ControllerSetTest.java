package io.kelpie.controller.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ControllerSetTest {
    private static final Controller C1 = new Controller("c1", "one:7400", true);
    private static final Controller C2 = new Controller("c2", "two:7400", true);
    private static final Controller C3 = new Controller("c3", "three:7400", true);
    private static final ControllerIdentity FIRST = new ControllerIdentity("c1", "one:7400", List.of(C1, C2));

    private static ControllerSet set(Controller... members) {
        return new ControllerSet(4, List.of(members), List.of());
    }

    private static Controller waiting(Controller member) {
        return new Controller(member.id(), member.address(), false);
    }

    private static ControllerSet next(ControllerSetChange change) {
        assertThat(change).isInstanceOf(ControllerSetChange.Next.class);
        return ((ControllerSetChange.Next) change).set();
    }

    private static ControllerSetChange.Refused refused(ControllerSetChange change) {
        assertThat(change).isInstanceOf(ControllerSetChange.Refused.class);
        return (ControllerSetChange.Refused) change;
    }

    /** As it was added to version 4. */
    private static Controller third(boolean mayLead) {
        return new Controller(C3.id(), C3.address(), mayLead, 5);
    }

    private static String whyNot(ControllerSet set) {
        ControllerSet.Entry entry = ControllerSet.entry(Optional.of(set), FIRST);
        assertThat(entry).isInstanceOf(ControllerSet.Entry.Refused.class);
        ControllerSet.Entry.Refused refused = (ControllerSet.Entry.Refused) entry;
        return refused.why() + " | " + refused.fix();
    }

    @Test
    void oneThatDoesNotHoldItsSeatIsRefused() {
        ControllerIdentity copy = FIRST.heldBy("another-folder");
        Seat taken = new Seat(FIRST.holder(), 2);
        assertThat(ControllerSet.entry(Optional.of(set(C1, C2)), FIRST, Optional.of(taken)))
                .isEqualTo(new ControllerSet.Entry.Open());
        assertThat(ControllerSet.entry(Optional.of(set(C1, C2)), copy, Optional.of(taken)))
                .isEqualTo(taken.refusal(copy));
        assertThat(ControllerSet.entry(Optional.of(set(C1, C2)), copy, Optional.empty()))
                .isEqualTo(new ControllerSet.Entry.Open());
        // Added again since, or alone: then whoever leads takes it.
        assertThat(ControllerSet.entry(
                        Optional.of(set(new Controller(C1.id(), C1.address(), true, 3), C2)), copy, Optional.of(taken)))
                .isEqualTo(new ControllerSet.Entry.Open());
        assertThat(ControllerSet.entry(Optional.of(set(C1)), copy, Optional.of(taken)))
                .isEqualTo(new ControllerSet.Entry.Open());
    }

    @Test
    void theFirstTermFoundsTheSet() {
        assertThat(ControllerSet.entry(Optional.empty(), FIRST))
                .isEqualTo(new ControllerSet.Entry.Writing(new ControllerSet(1, List.of(C1, C2), List.of())));
    }

    @Test
    void aMemberAtItsAddressMayBeginATerm() {
        assertThat(ControllerSet.entry(Optional.of(set(C1, C2)), FIRST)).isEqualTo(new ControllerSet.Entry.Open());
    }

    @Test
    void nobodyElseMayAndTheReasonSaysWhatToDo() {
        assertThat(whyNot(set(C2, C3)))
                .contains("no member")
                .contains("c2, c3")
                .endsWith("kelpie cluster controllers add c1 one:7400");
        assertThat(whyNot(set(new Controller("c1", "old:7400", true), C2)))
                .contains("c1 at old:7400")
                .contains("one:7400");
        assertThat(whyNot(new ControllerSet(2, List.of(waiting(C1), C2), List.of("c2"))))
                .contains("when c2 acknowledged version 2");
    }

    /** Nothing is leased under one controller: its restart on another port must not lock everyone out. */
    @Test
    void theOnlyControllerTakesItsAddressFromItsConfiguration() {
        assertThat(ControllerSet.entry(Optional.of(set(new Controller("c1", "old:7400", true))), FIRST))
                .isEqualTo(new ControllerSet.Entry.Writing(
                        new ControllerSet(5, List.of(new Controller(C1.id(), C1.address(), true, 5)), List.of())));
    }

    @Test
    void anAddedControllerWaitsForAllOthers() {
        ControllerSet added = next(ControllerSetChange.add(set(C1, C2), Map.of(), "c3", "three:7400", "c1"));
        assertThat(added).isEqualTo(new ControllerSet(5, List.of(C1, C2, third(false)), List.of("c1", "c2")));
        assertThat(added.missing(Map.of())).containsExactly("c1", "c2");
        assertThat(added.missing(Map.of("c1", 5L, "c2", 4L, "c3", 5L))).containsExactly("c2");
        assertThat(added.missing(Map.of("c1", 5L, "c2", 6L))).isEmpty();
        assertThat(added.settled()).isEqualTo(new ControllerSet(5, List.of(C1, C2, third(true)), List.of()));
    }

    @Test
    void addingTwiceChangesNothing() {
        assertThat(ControllerSetChange.add(set(C1, C2), Map.of(), "c2", "two:7400", "c1"))
                .isEqualTo(new ControllerSetChange.Unchanged());
    }

    @Test
    void oneChangeAtATime() {
        ControllerSet pending = new ControllerSet(5, List.of(C1, C2, waiting(C3)), List.of("c1", "c2"));
        ControllerSetChange.Refused refused =
                refused(ControllerSetChange.add(pending, Map.of("c1", 5L), "c4", "four:7400", "c1"));
        assertThat(refused.why()).contains("version 5").endsWith("waits for c2");
        assertThat(refused.fix()).contains("start c2").contains("remove c2 --confirm-dead");
    }

    @Test
    void twoControllersAtOneAddressAreRefused() {
        assertThat(refused(ControllerSetChange.add(set(C1, C2), Map.of(), "c3", "two:7400", "c1"))
                        .why())
                .isEqualTo("two:7400 is the address of controller c2");
    }

    @Test
    void aMovedControllerWaitsForTheOthers() {
        assertThat(next(ControllerSetChange.add(set(C1, C2), Map.of(), "c2", "new:7400", "c1")))
                .isEqualTo(
                        new ControllerSet(5, List.of(C1, new Controller("c2", "new:7400", false, 5)), List.of("c1")));
        assertThat(refused(ControllerSetChange.add(set(C1, C2), Map.of(), "c1", "new:7400", "c1"))
                        .fix())
                .contains("so that another leads");
        assertThat(refused(ControllerSetChange.add(set(C1), Map.of(), "c1", "new:7400", "c1"))
                        .fix())
                .contains("advertiseAddress");
    }

    @Test
    void aSetHasAnEnd() {
        List<Controller> many = IntStream.range(0, ControllerSetChange.MAX_MEMBERS)
                .mapToObj(i -> new Controller("m" + i, "m" + i + ":7400", true))
                .toList();
        assertThat(refused(ControllerSetChange.add(
                                new ControllerSet(9, many, List.of()), Map.of(), "c1", "one:7400", "m0"))
                        .why())
                .contains("15 members");
    }

    @Test
    void aControllerIsRemovedOnTheOperatorsWordThatItIsDead() {
        assertThat(refused(ControllerSetChange.remove(set(C1, C2, C3), Map.of(), "c3", false, "c1", 0))
                        .fix())
                .contains("--confirm-dead");
        assertThat(next(ControllerSetChange.remove(set(C1, C2, C3), Map.of(), "c3", true, "c1", 7)))
                .isEqualTo(new ControllerSet(5, List.of(C1, C2), List.of()));
    }

    @Test
    void theLeaderIsRemovedWithoutThatWord() {
        assertThat(next(ControllerSetChange.remove(set(C1, C2, C3), Map.of(), "c1", false, "c1", 7)))
                .isEqualTo(new ControllerSet(5, List.of(C2, C3), List.of()));
    }

    @Test
    void theRemovalOfOneThatIsAwaitedIsTheWayOut() {
        ControllerSet pending = new ControllerSet(5, List.of(C1, C2, waiting(C3)), List.of("c1", "c2"));
        assertThat(next(ControllerSetChange.remove(pending, Map.of(), "c2", true, "c1", 0)))
                .isEqualTo(new ControllerSet(6, List.of(C1, waiting(C3)), List.of("c1")));
        assertThat(next(ControllerSetChange.remove(pending, Map.of(), "c3", true, "c1", 0)))
                .isEqualTo(new ControllerSet(6, List.of(C1, C2), List.of()));
        assertThat(refused(ControllerSetChange.remove(pending, Map.of(), "c1", true, "c1", 0))
                        .why())
                .contains("waits for c1, c2");
    }

    @Test
    void oneControllerMustNotBeLeftAloneWithLeases() {
        ControllerSetChange.Refused refused =
                refused(ControllerSetChange.remove(set(C1, C2), Map.of(), "c2", true, "c1", 3));
        assertThat(refused.why()).contains("3 instances are leased");
        assertThat(refused.fix()).contains("add another controller first").contains("onHostFailure: leave");
        assertThat(next(ControllerSetChange.remove(set(C1, C2), Map.of(), "c2", true, "c1", 0))
                        .members())
                .containsExactly(C1);
    }

    @Test
    void theLastAndTheUnknownAreNotRemoved() {
        assertThat(refused(ControllerSetChange.remove(set(C1), Map.of(), "c1", true, "c1", 0))
                        .why())
                .isEqualTo("c1 is the only controller");
        assertThat(refused(ControllerSetChange.remove(set(C1, C2), Map.of(), "c9", true, "c1", 0))
                        .why())
                .contains("c9")
                .contains("c1, c2");
    }

    @Test
    void leasesNeedTwoWhoMayLead() {
        assertThat(set(C1).carriesLeases()).isFalse();
        assertThat(set(C1, waiting(C2)).carriesLeases()).isFalse();
        assertThat(set(C1, C2).carriesLeases()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"c1:7400", "10.0.0.1:1", "[::1]:65535", "a-b.example:7400"})
    void addresses(String address) {
        assertThat(Controller.isAddress(address)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "c1", ":7400", "c1:", "c1:0", "c1:65536", "c1:999999", "::1:7400", "c1 :7400", "c1:7400,c2:1"
            })
    void noAddresses(String address) {
        assertThat(Controller.isAddress(address)).isFalse();
    }

    @Test
    void aControllerIsAmongThoseThatItFounds() {
        assertThatThrownBy(() -> new ControllerIdentity("c9", "nine:7400", List.of(C1)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new ControllerIdentity("c1", "nine:7400", List.of(C1)))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
