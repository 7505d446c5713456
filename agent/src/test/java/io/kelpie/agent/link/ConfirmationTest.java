package io.kelpie.agent.link;

import static io.kelpie.agent.link.TestLink.lastBeat;
import static io.kelpie.agent.link.TestLink.notLeading;
import static io.kelpie.agent.link.TestLink.set;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.agent.fencing.ControllerSets;
import io.kelpie.agent.fencing.Deadline;
import io.kelpie.agent.instance.TestHost;
import io.kelpie.agent.link.Transport.Disconnect.Kind;
import io.kelpie.proto.v1.Command;
import io.kelpie.proto.v1.ConnectResponse;
import io.kelpie.proto.v1.Heartbeat;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The lease as the link asks for it: of the leader, and of all controllers. */
class ConfirmationTest {
    @TempDir
    Path folder;

    private TestLink net;
    private TestHost host;
    private FakeTransport.Conn leader;
    private long lineage;

    @BeforeEach
    void lease() throws IOException {
        net = new TestLink(folder);
        host = net.host;
        leader = net.welcomed(7, set(3, 3));
        net.says(leader, net.grant(7, lastBeat(leader)));
        lineage = host.lease.heldLineage();
        host.epoch = 7;
        Command start = host.startLeased(1, lineage);
        leader.says(ConnectResponse.newBuilder().setCommand(start));
        host.loop.settle();
        assertThat(host.processes.running()).containsExactly(TestHost.id(1));
    }

    private List<FakeTransport.Confirm> round() {
        host.loop.advance(Duration.ofSeconds(1));
        return net.asked();
    }

    private void leaderIsGone() {
        leader.ends(Kind.LOST, Optional.empty());
        host.loop.settle();
    }

    /** All three answer, and that is all the host hears. */
    private void allAnswer(List<FakeTransport.Confirm> asked, long version) {
        int i = 1;
        for (FakeTransport.Confirm confirm : asked) {
            confirm.answers(notLeading("c" + i++, set(version, 3)));
        }
        host.loop.settle();
    }

    // ---- the leader's grants ----------------------------------------------------------------------------------------

    @Test
    void theQuestionTellsAllThatAGrantMustRepeat() {
        Heartbeat first = leader.sent.stream()
                .filter(message -> message.hasHeartbeat())
                .findFirst()
                .orElseThrow()
                .getHeartbeat();
        assertThat(first.getOpens()).isTrue();
        assertThat(first.getLineage()).isEqualTo(lineage);
        net.acksOnly(leader, 1);
        assertThat(lastBeat(leader)).satisfies(beat -> {
            assertThat(beat.getOpens()).isFalse();
            assertThat(beat.getLineage()).isEqualTo(lineage);
            assertThat(beat.getBootId()).isEqualTo("boot-1");
            assertThat(beat.getUntilThaw()).isFalse();
        });
    }

    @Test
    void aHeartbeatThatWaitedIsCountedFromWhenItIsSent() throws IOException {
        leader.ready = false;
        host.loop.advance(Duration.ofMillis(2_500));
        leader.becomesReady();
        host.loop.settle();
        long sentAt = host.bootNanos();
        net.says(leader, net.grant(7, lastBeat(leader)));
        assertThat(host.deadline())
                .isEqualTo(Deadline.at(
                        "boot-1", lineage, sentAt + Duration.ofSeconds(12).toNanos()));
    }

    @Test
    void aNewLeaderExtendsTheLeaseAndAnOldOnesGrantsAreDropped() throws IOException {
        FakeTransport.Conn old = leader;
        Heartbeat oldBeat = lastBeat(old);
        leaderIsGone();
        host.loop.advance(Duration.ofSeconds(1));
        FakeTransport.Conn next = net.welcomed(8, set(3, 3));
        Deadline before = host.deadline();
        net.says(old, net.grant(7, oldBeat));
        net.says(next, net.grant(7, lastBeat(next)));
        assertThat(host.deadline()).isEqualTo(before);
        net.says(next, net.grant(8, lastBeat(next)));
        assertThat(host.deadline().lineage()).isEqualTo(lineage);
        assertThat(host.deadline()).isNotEqualTo(before);
    }

    @Test
    void helloNamesTheLineage() {
        leaderIsGone();
        host.loop.advance(Duration.ofSeconds(1));
        assertThat(net.transport.last().sent.get(0).getHello().getLineage()).isEqualTo(lineage);
    }

    @Test
    void aGrantTellsTheControllerSet() throws IOException {
        net.acksOnly(leader, 1);
        net.says(leader, net.grant(7, lastBeat(leader)).setControllerSet(set(5, 4)));
        assertThat(net.sets.highest()).isEqualTo(set(5, 4));
        net.acksOnly(leader, 1);
        net.says(leader, net.grant(7, lastBeat(leader)).setControllerSet(set(4, 2)));
        assertThat(ControllerSets.open(folder.resolve("controllers")).highest()).isEqualTo(set(5, 4));
    }

    // ---- unanimity --------------------------------------------------------------------------------------------------

    @Test
    void nobodyIsAskedWhileTheLeaderGrants() {
        for (int i = 0; i < 5; i++) {
            net.acksOnly(leader, 1);
            net.says(leader, net.grant(7, lastBeat(leader)));
        }
        assertThat(net.asked()).isEmpty();
    }

    @Test
    void aLeaderThatOnlyShowsThatItLivesIsNotLeftAndAllAreAsked() {
        net.acksOnly(leader, 3);
        assertThat(leader.closed).isFalse();
        assertThat(net.asked()).extracting(FakeTransport.Confirm::address).containsExactly("c1:1", "c2:1", "c3:1");
    }

    @Test
    void answersOfAllKeepInstancesAliveForEver() {
        leaderIsGone();
        for (int i = 0; i < 300; i++) {
            allAnswer(round(), 3);
        }
        assertThat(host.processes.running()).containsExactly(TestHost.id(1));
        assertThat(host.lease.heldLineage()).isEqualTo(lineage);
    }

    @Test
    void theyCountFromTheQuestion() throws IOException {
        leaderIsGone();
        List<FakeTransport.Confirm> asked = round();
        long askedAt = host.bootNanos();
        host.loop.advance(Duration.ofSeconds(2));
        allAnswer(asked, 3);
        long end = askedAt + Duration.ofSeconds(12).toNanos();
        assertThat(host.deadline().end())
                .isInstanceOfSatisfying(
                        Deadline.End.At.class,
                        at -> assertThat(at.nanos())
                                .isBetween(end - Duration.ofSeconds(1).toNanos(), end));
    }

    @Test
    void nobodyExtendsByMoreThanAControllerWaits() throws IOException {
        leaderIsGone();
        Deadline before = host.deadline();
        for (int i = 0; i < 5; i++) {
            int member = 1;
            for (FakeTransport.Confirm confirm : round()) {
                confirm.answers(notLeading("c" + member, set(3, 3)).setLeaseMillis(member == 2 ? 6_000 : 12_000));
                member++;
            }
            host.loop.settle();
        }
        assertThat(host.deadline())
                .as("6 s after the last question is no longer than 12 s after the first")
                .isEqualTo(before);
    }

    /** What is not unanimity, round after round until the lease has ended. */
    private void lapsesWith(BiConsumer<Integer, FakeTransport.Confirm> answer) {
        leaderIsGone();
        for (int i = 0; i < 12; i++) {
            int member = 1;
            for (FakeTransport.Confirm confirm : round()) {
                answer.accept(member++, confirm);
            }
            host.loop.settle();
        }
        assertThat(host.processes.running()).isEmpty();
        assertThat(host.lease.heldLineage()).isZero();
    }

    @Test
    void aMajorityIsNotEnough() {
        lapsesWith((member, confirm) -> {
            if (member == 3) {
                confirm.listener().failed("no answer within 2 s");
            } else {
                confirm.answers(notLeading("c" + member, set(3, 3)));
            }
        });
    }

    @Test
    void anAnswerByAnOlderSetDoesNotCount() {
        lapsesWith((member, confirm) -> confirm.answers(notLeading("c" + member, member == 3 ? set(2, 3) : set(3, 3))));
    }

    @Test
    void anotherControllerAtAMembersAddressDoesNotCount() {
        lapsesWith((member, confirm) -> confirm.answers(notLeading(member == 3 ? "c9" : "c" + member, set(3, 3))));
        assertThat(net.sets.highest()).isEqualTo(set(3, 3));
    }

    @Test
    void aControllerThatLeadsIsNoAnswer() {
        lapsesWith((member, confirm) -> confirm.answers(
                notLeading("c" + member, set(3, 3)).setNotLeading(member != 3).setReason("it leads")));
    }

    @Test
    void answersToTwoRoundsAreNotAddedUp() {
        leaderIsGone();
        for (int i = 0; i < 12; i++) {
            List<FakeTransport.Confirm> asked = round();
            int answering = i % 3;
            if (answering < asked.size()) {
                asked.get(answering).answers(notLeading("c" + (answering + 1), set(3, 3)));
            }
            host.loop.settle();
        }
        assertThat(host.processes.running()).isEmpty();
    }

    @Test
    void answersAfterTheLapseReviveNothing() throws IOException {
        leaderIsGone();
        host.loop.advance(Duration.ofSeconds(11));
        List<FakeTransport.Confirm> asked = net.asked();
        host.stoodStill = Duration.ofSeconds(5);
        allAnswer(asked.subList(asked.size() - 3, asked.size()), 3);
        assertThat(host.lease.heldLineage()).isZero();
        assertThat(host.processes.running()).isEmpty();
        assertThat(host.deadline().end()).isEqualTo(new Deadline.End.None());
        assertThat(round()).as("there is nothing to extend").isEmpty();
    }

    @Test
    void aNewerSetInAnAnswerIsAskedNextTime() {
        leaderIsGone();
        allAnswer(round(), 3);
        for (FakeTransport.Confirm confirm : round()) {
            confirm.answers(notLeading(confirm.address().substring(0, 2), set(4, 4)));
        }
        host.loop.settle();
        assertThat(net.sets.highest()).isEqualTo(set(4, 4));
        assertThat(round()).extracting(FakeTransport.Confirm::address).contains("c4:1");
    }

    // ---- finding the leader -----------------------------------------------------------------------------------------

    @Test
    void aControllerThatSaysThatItLeadsIsDialled() {
        leaderIsGone();
        FakeTransport.Confirm third = round().get(2);
        third.answers(notLeading("c3", set(3, 3)).setNotLeading(false).setEpoch(8));
        host.loop.advance(Duration.ofMillis(100));
        assertThat(net.transport.last().address).isEqualTo("c3:1");
        FakeTransport.Conn next = net.welcomed(8, set(3, 3));
        assertThat(next.closed).isFalse();
        assertThat(net.epochs.highest()).isEqualTo(8);
    }

    @Test
    void aLeaderOfAnEarlierEpochIsLeftOnceALaterOneIsHeardOf() throws IOException {
        net.acksOnly(leader, 3);
        FakeTransport.Confirm third = net.asked().get(2);
        third.answers(notLeading("c3", set(3, 3)).setNotLeading(false).setEpoch(8));
        host.loop.settle();
        assertThat(leader.closed).isTrue();
        assertThat(net.epochs.highest()).isEqualTo(8);
        Deadline before = host.deadline();
        net.says(leader, net.grant(7, lastBeat(leader)));
        assertThat(host.deadline()).isEqualTo(before);
    }

    @Test
    void aControllerThatLedBeforeIsNotDialled() {
        leaderIsGone();
        host.loop.advance(Duration.ofSeconds(1));
        net.welcomed(8, set(3, 3));
        net.transport.last().ends(Kind.LOST, Optional.empty());
        host.loop.settle();
        net.asked();
        List<FakeTransport.Confirm> asked = round();
        int dialled = net.transport.dialled.size();
        asked.get(2).answers(notLeading("c3", set(3, 3)).setNotLeading(false).setEpoch(7));
        host.loop.settle();
        assertThat(net.transport.dialled).hasSize(dialled);
    }
}
