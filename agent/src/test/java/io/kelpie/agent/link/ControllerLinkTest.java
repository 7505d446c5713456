package io.kelpie.agent.link;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.agent.driver.ExitInfo;
import io.kelpie.agent.fencing.EpochStore;
import io.kelpie.agent.instance.TestHost;
import io.kelpie.agent.link.Transport.Disconnect.Kind;
import io.kelpie.proto.v1.Command;
import io.kelpie.proto.v1.ConnectRequest;
import io.kelpie.proto.v1.ConnectRequest.MessageCase;
import io.kelpie.proto.v1.ConnectResponse;
import io.kelpie.proto.v1.HeartbeatAck;
import io.kelpie.proto.v1.Hello;
import io.kelpie.proto.v1.HostCapabilities;
import io.kelpie.proto.v1.HostCapacity;
import io.kelpie.proto.v1.InstancePhase;
import io.kelpie.proto.v1.OpenLog;
import io.kelpie.proto.v1.Taint;
import io.kelpie.proto.v1.Welcome;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ControllerLinkTest {
    private static final UUID CLUSTER = TestLink.CLUSTER;

    @TempDir
    Path folder;

    private TestLink net;
    private FakeTransport transport;
    private List<OpenLog> logs;
    private List<Boolean> connected;
    private TestHost host;
    private EpochStore epochs;
    private ControllerLink link;

    @BeforeEach
    void connect() throws IOException {
        net = new TestLink(folder);
        transport = net.transport;
        logs = net.logs;
        connected = net.connected;
        host = net.host;
        epochs = net.epochs;
        link = net.link;
    }

    private FakeTransport.Conn welcomed(long epoch) {
        return welcomed(epoch, CLUSTER);
    }

    private FakeTransport.Conn welcomed(long epoch, UUID cluster) {
        FakeTransport.Conn conn = transport.last();
        conn.says(ConnectResponse.newBuilder()
                .setWelcome(Welcome.newBuilder()
                        .setClusterUuid(cluster.toString())
                        .setEpoch(epoch)
                        .setHeartbeatMillis(1000)
                        .addControllers("c4:1")));
        host.loop.settle();
        return conn;
    }

    private void command(FakeTransport.Conn conn, Command command) {
        conn.says(ConnectResponse.newBuilder().setCommand(command));
        host.loop.settle();
    }

    private static List<MessageCase> kinds(FakeTransport.Conn conn) {
        return conn.sent.stream().map(ConnectRequest::getMessageCase).toList();
    }

    @Test
    void helloTellsEverything() throws IOException {
        epochs.welcome(CLUSTER, 7);
        host.send(host.start(1));
        transport.last().ends(Kind.LOST, Optional.empty());
        host.loop.advance(Duration.ofSeconds(1));

        Hello hello = transport.last().sent.get(0).getHello();
        assertThat(hello.getHostId()).isEqualTo("host-1");
        assertThat(hello.getClusterUuid()).isEqualTo(CLUSTER.toString());
        assertThat(hello.getHighestEpoch()).isEqualTo(7);
        assertThat(hello.getBootId()).isEqualTo("boot-1");
        assertThat(hello.getLabelsMap()).containsEntry("rack", "r1");
        assertThat(hello.getTaintsList()).extracting(Taint::getKey).containsExactly("gpu");
        assertThat(hello.getCapacity().getCpus()).isEqualTo(2);
    }

    @Test
    void helloListsAllInstances() throws IOException {
        FakeTransport.Conn first = welcomed(7);
        command(first, host.start(1));
        first.ends(Kind.LOST, Optional.empty());
        host.loop.advance(Duration.ofSeconds(1));
        Hello hello = transport.last().sent.get(0).getHello();
        assertThat(hello.getInstancesList())
                .singleElement()
                .satisfies(report -> assertThat(report.getPhase()).isEqualTo(InstancePhase.INSTANCE_PHASE_RUNNING));
    }

    @Test
    void aFirstLeaderIsPinned() {
        welcomed(7);
        assertThat(epochs.highest()).isEqualTo(7);
        assertThat(epochs.cluster()).contains(CLUSTER);
        assertThat(connected).containsExactly(true);
    }

    @Test
    void aLowerEpochAndAnotherClusterAreLeft() throws IOException {
        epochs.welcome(CLUSTER, 7);
        FakeTransport.Conn old = welcomed(6);
        assertThat(old.closed).isTrue();
        host.loop.advance(Duration.ofSeconds(1));
        FakeTransport.Conn other = welcomed(9, UUID.randomUUID());
        assertThat(other).isNotSameAs(old);
        assertThat(other.closed).isTrue();
        assertThat(epochs.highest()).isEqualTo(7);
        assertThat(connected).isEmpty();
    }

    @Test
    void commandsCountOnlyAfterTheEpochIsOnDisk() {
        host.loop.hold("judge");
        FakeTransport.Conn conn = welcomed(7);
        command(conn, host.start(1));
        assertThat(host.processes.running()).isEmpty();
        host.loop.release("judge");
        assertThat(host.processes.running()).containsExactly(TestHost.id(1));
        assertThat(kinds(conn)).contains(MessageCase.ACK, MessageCase.REPORT);
        assertThat(conn.received).isEqualTo(2);
    }

    @Test
    void aLeaderThatIsNamedIsDialledAtOnceButOnlyOnce() {
        transport.last().ends(Kind.NOT_LEADER, Optional.of("c9:1"));
        host.loop.settle();
        assertThat(transport.last().address).isEqualTo("c9:1");
        transport.last().ends(Kind.NOT_LEADER, Optional.of("c9:1"));
        host.loop.advance(Duration.ofSeconds(1));
        assertThat(transport.last().address).isEqualTo("c2:1");
    }

    @Test
    void allControllersAreTriedInTurnAndThoseThatTheClusterNamesToo() {
        welcomed(7).ends(Kind.LOST, Optional.empty());
        for (int i = 0; i < 4; i++) {
            host.loop.advance(Duration.ofSeconds(1));
            transport.last().ends(Kind.LOST, Optional.empty());
        }
        assertThat(transport.dialled)
                .extracting(conn -> conn.address)
                .containsExactly("c1:1", "c2:1", "c3:1", "c4:1", "c1:1");
    }

    @Test
    void aControllerThatDoesNotAnswerIsLeft() {
        FakeTransport.Conn silent = transport.last();
        host.loop.advance(Duration.ofSeconds(5));
        assertThat(silent.closed).isTrue();
        assertThat(transport.dialled).hasSizeGreaterThan(1);
    }

    @Test
    void heartbeatsAreSentAndALeaderThatStopsAnsweringIsLeft() {
        FakeTransport.Conn conn = welcomed(7);
        for (int i = 1; i <= 5; i++) {
            conn.says(ConnectResponse.newBuilder()
                    .setHeartbeatAck(HeartbeatAck.newBuilder().setSequence(i)));
            host.loop.advance(Duration.ofSeconds(1));
        }
        assertThat(conn.closed).isFalse();
        List<ConnectRequest> beats =
                conn.sent.stream().filter(ConnectRequest::hasHeartbeat).toList();
        assertThat(beats).hasSize(6);
        assertThat(beats.get(5).getHeartbeat().getSequence()).isEqualTo(6);
        assertThat(beats.get(5).getHeartbeat().getPools(0).getName()).isEqualTo("default");

        host.loop.advance(Duration.ofSeconds(5));
        assertThat(conn.closed).isTrue();
        assertThat(connected).startsWith(true, false);
    }

    @Test
    void reportsOfABusyStreamAreCoalesced() {
        FakeTransport.Conn conn = welcomed(7);
        conn.ready = false;
        conn.sent.clear();
        command(conn, host.start(1));
        host.driver.exit(TestHost.id(1), ExitInfo.Cause.CRASHED, 9);
        host.loop.settle();
        assertThat(conn.sent).isEmpty();

        conn.becomesReady();
        host.loop.settle();
        assertThat(kinds(conn)).containsExactly(MessageCase.ACK, MessageCase.REPORT);
        assertThat(conn.sent.get(1).getReport().getPhase()).isEqualTo(InstancePhase.INSTANCE_PHASE_EXITED);
    }

    @Test
    void aLeaderThatTakesNoAnswersGetsNoMoreCommands() {
        FakeTransport.Conn conn = welcomed(7);
        conn.ready = false;
        int before = conn.received;
        for (int i = 1; i <= 400; i++) {
            // Refused, each with an answer of its own.
            command(conn, host.command(i).setSequence(i).build());
        }
        assertThat(conn.received - before).isEqualTo(255);
        conn.becomesReady();
        host.loop.settle();
        assertThat(conn.received - before).isEqualTo(400);
    }

    @Test
    void aLogIsOpened() {
        FakeTransport.Conn conn = welcomed(7);
        conn.says(ConnectResponse.newBuilder()
                .setOpenLog(OpenLog.newBuilder().setLogId("l1").setVmId(TestHost.VM.toString())));
        host.loop.settle();
        assertThat(logs).extracting(OpenLog::getLogId).containsExactly("l1");
    }

    @Test
    void aChangeOfWhatTheHostCanDoIsTold() {
        FakeTransport.Conn conn = welcomed(7);
        link.hostChanged(
                HostCapabilities.newBuilder().setKernel("k").build(),
                HostCapacity.newBuilder().setCpus(9).build());
        host.loop.settle();
        int last = conn.sent.size() - 1;
        assertThat(conn.sent.get(last - 1).getCapabilities().getKernel()).isEqualTo("k");
        assertThat(conn.sent.get(last).getCapacity().getCpus()).isEqualTo(9);
    }

    @Test
    void theImageCacheIsToldOncePerStreamAndAfterEachChange() {
        net.images = List.of("a");
        FakeTransport.Conn conn = welcomed(7);
        assertThat(TestLink.lastBeat(conn).getCachedImages().getDigestsList()).containsExactly("a");
        nextBeat(conn);
        assertThat(TestLink.lastBeat(conn).hasCachedImages()).isFalse();
        net.images = List.of();
        nextBeat(conn);
        assertThat(TestLink.lastBeat(conn).hasCachedImages()).isTrue();
        assertThat(TestLink.lastBeat(conn).getCachedImages().getDigestsList()).isEmpty();
    }

    private void nextBeat(FakeTransport.Conn conn) {
        conn.says(ConnectResponse.newBuilder()
                .setHeartbeatAck(HeartbeatAck.newBuilder()
                        .setSequence(TestLink.lastBeat(conn).getSequence())));
        host.loop.advance(Duration.ofSeconds(1));
    }

    @Test
    void onceClosedNothingIsDialledAnyMore() {
        FakeTransport.Conn conn = welcomed(7);
        link.close();
        host.loop.advance(Duration.ofMinutes(1));
        assertThat(conn.closed).isTrue();
        assertThat(transport.dialled).hasSize(1);
    }
}
