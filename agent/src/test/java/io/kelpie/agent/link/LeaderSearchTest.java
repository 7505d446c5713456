package io.kelpie.agent.link;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.agent.link.Transport.Disconnect.Kind;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A host without a leader listens to all controllers. */
class LeaderSearchTest {
    private static final Duration JITTER = Duration.ofMillis(100);

    @TempDir
    Path folder;

    private TestLink net;

    @BeforeEach
    void connect() throws IOException {
        net = new TestLink(folder);
    }

    private String dialled() {
        return net.transport.last().address;
    }

    private void advance(Duration time) {
        net.host.loop.advance(time);
    }

    @Test
    void everyControllerIsAskedWhileThereIsNoLeader() {
        assertThat(net.transport.openWatches())
                .extracting(watch -> watch.address)
                .containsExactlyInAnyOrder("c1:1", "c2:1", "c3:1");
    }

    @Test
    void nobodyIsAskedWhileThereIsALeaderAndAllAreWhenItIsLost() {
        FakeTransport.Conn leader = net.welcomed(7, TestLink.set(1, 3));
        assertThat(net.transport.openWatches()).isEmpty();
        advance(Duration.ofSeconds(1));
        assertThat(net.transport.openWatches()).isEmpty();

        leader.ends(Kind.LOST, Optional.empty());
        advance(JITTER);
        assertThat(net.transport.openWatches()).hasSize(3);
    }

    @Test
    void aControllerThatSaysThatItLeadsIsDialledAlthoughAnotherDialHangs() {
        FakeTransport.Conn hanging = net.transport.last();
        net.transport.watch("c3:1").leads(7);
        advance(JITTER);
        assertThat(hanging.closed).isTrue();
        assertThat(dialled()).isEqualTo("c3:1");
    }

    @Test
    void aNamedLeaderThatHangsDoesNotKeepTheHostFromTheNext() {
        net.welcomed(7, TestLink.set(1, 3));
        advance(Duration.ofSeconds(5)); // its heartbeats are not answered: it is stopped
        while (!dialled().equals("c2:1")) {
            advance(Duration.ofMillis(10));
        }
        net.transport.last().ends(Kind.NOT_LEADER, Optional.of("c1:1"));
        net.host.loop.settle();
        assertThat(dialled()).isEqualTo("c1:1");

        net.transport.watch("c2:1").leads(8);
        advance(JITTER);
        assertThat(dialled()).isEqualTo("c2:1");
        net.welcomed(8, TestLink.set(1, 3));
        assertThat(net.epochs.highest()).isEqualTo(8);
    }

    @Test
    void aLeaderThatFallsSilentIsLeftAsSoonAsAnotherLeads() {
        FakeTransport.Conn leader = net.welcomed(7, TestLink.set(1, 3));
        advance(Duration.ofMillis(2_100));
        assertThat(leader.closed).isFalse();
        net.transport.watch("c1:1").leads(7);
        advance(JITTER);
        assertThat(leader.closed).as("it leads, and is only slow").isFalse();

        net.transport.watch("c2:1").leads(8);
        advance(JITTER);
        assertThat(leader.closed).isTrue();
        assertThat(dialled()).isEqualTo("c2:1");
    }

    @Test
    void nobodyIsAskedAnyMoreOnceASilentLeaderAnswers() {
        FakeTransport.Conn leader = net.welcomed(7, TestLink.set(1, 3));
        advance(Duration.ofMillis(2_100));
        assertThat(net.transport.openWatches()).hasSize(3);
        net.acksOnly(leader, 1);
        assertThat(net.transport.openWatches()).isEmpty();
        assertThat(leader.closed).isFalse();
    }

    @Test
    void aDialThatWaitsGivesWay() {
        net.transport.last().ends(Kind.LOST, Optional.empty());
        net.host.loop.settle();
        int before = net.transport.dialled.size();
        net.transport.watch("c3:1").leads(7);
        advance(JITTER);
        assertThat(net.transport.dialled).hasSize(before + 1);
        assertThat(dialled()).isEqualTo("c3:1");
    }

    @Test
    void aLeaderThatWasDialledJustTooEarlyIsDialledAgain() {
        String early = dialled();
        net.transport.watch(early).leads(7);
        advance(JITTER);
        assertThat(net.transport.dialled).hasSize(1);
        net.transport.last().ends(Kind.NOT_LEADER, Optional.of("c9:1"));
        advance(JITTER);
        assertThat(dialled()).isEqualTo(early);
        assertThat(net.transport.dialled).hasSize(2);
    }

    @Test
    void aLeaderThatDoesNotTakeTheHostIsNotDialledWithoutAPause() {
        net.transport.watch("c3:1").leads(7);
        advance(JITTER);
        assertThat(dialled()).isEqualTo("c3:1");
        net.transport.last().ends(Kind.REFUSED, Optional.empty());
        advance(Duration.ofSeconds(1));
        assertThat(dialled()).isNotEqualTo("c3:1");
    }

    @Test
    void anEpochThatHasEndedIsNotFollowed() throws IOException {
        net.epochs.welcome(UUID.randomUUID(), 8);
        String before = dialled();
        net.transport.watch("c3:1").leads(7);
        advance(JITTER);
        assertThat(dialled()).isEqualTo(before);
    }

    @Test
    void ofTwoThatSaySoTheLaterTermCounts() {
        net.transport.watch("c2:1").leads(8);
        net.transport.watch("c3:1").leads(7);
        advance(JITTER);
        assertThat(dialled()).isEqualTo("c2:1");
    }

    @Test
    void aCallThatEndsIsMadeAgainAndNoneHindersTheOthers() {
        FakeTransport.Asked stopped = net.transport.watch("c1:1");
        FakeTransport.Asked broken = net.transport.watch("c2:1");
        for (int i = 0; i < 5; i++) {
            broken.ends();
            advance(Duration.ofSeconds(1));
            FakeTransport.Asked next = net.transport.watch("c2:1");
            assertThat(next).isNotSameAs(broken);
            broken = next;
        }
        assertThat(stopped.closed).isFalse();
        assertThat(net.transport.openWatches()).hasSize(3);
    }

    @Test
    void aClosedLinkAsksNobody() {
        FakeTransport.Asked ended = net.transport.watch("c1:1");
        ended.ends();
        net.link.close();
        advance(Duration.ofMinutes(1));
        assertThat(net.transport.openWatches()).isEmpty();
    }
}
