package io.kelpie.agent.link;

import io.kelpie.agent.fencing.ControllerSets;
import io.kelpie.agent.fencing.EpochStore;
import io.kelpie.agent.instance.TestHost;
import io.kelpie.proto.v1.ConfirmNotLeadingResponse;
import io.kelpie.proto.v1.ConnectRequest;
import io.kelpie.proto.v1.ConnectResponse;
import io.kelpie.proto.v1.ControllerMember;
import io.kelpie.proto.v1.ControllerSet;
import io.kelpie.proto.v1.Heartbeat;
import io.kelpie.proto.v1.HeartbeatAck;
import io.kelpie.proto.v1.HostCapabilities;
import io.kelpie.proto.v1.HostCapacity;
import io.kelpie.proto.v1.LeaseGrant;
import io.kelpie.proto.v1.OpenLog;
import io.kelpie.proto.v1.Pool;
import io.kelpie.proto.v1.Taint;
import io.kelpie.proto.v1.Welcome;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;

/** A host that looks for a leader, with the test as all controllers. */
final class TestLink {
    static final UUID CLUSTER = UUID.fromString("aaaaaaaa-0000-4000-8000-000000000001");

    final FakeTransport transport = new FakeTransport();
    final List<OpenLog> logs = new ArrayList<>();
    final List<Boolean> connected = new ArrayList<>();
    final TestHost host;
    final EpochStore epochs;
    final ControllerSets sets;
    final ControllerLink link;

    /** Digests in the host's image cache. */
    List<String> images = List.of();

    TestLink(Path folder) throws IOException {
        host = new TestHost(folder);
        epochs = EpochStore.open(folder.resolve("epoch"));
        sets = ControllerSets.open(folder.resolve("controllers"));
        link = new ControllerLink(
                new ControllerLink.Surroundings(
                        host.loop,
                        host.loop,
                        host.loop,
                        transport,
                        new SplittableRandom(1),
                        epochs,
                        sets,
                        host.lease,
                        host.manager,
                        (request, call) -> logs.add(request),
                        new LinkObserver() {
                            @Override
                            public void connected(boolean now) {
                                connected.add(now);
                            }

                            @Override
                            public void heartbeat() {}
                        }),
                new HostDescription(
                        "host-1",
                        "h1",
                        "boot-1",
                        "1.0",
                        Map.of("rack", "r1"),
                        List.of(Taint.newBuilder().setKey("gpu").build()),
                        HostCapabilities::getDefaultInstance,
                        () -> HostCapacity.newBuilder().setCpus(2).build(),
                        () -> List.of(Pool.newBuilder().setName("default").build()),
                        () -> images),
                List.of("c1:1", "c2:1", "c3:1"));
        link.start();
        host.loop.advance(Duration.ofMillis(100));
    }

    static ControllerSet set(long version, int members) {
        ControllerSet.Builder set = ControllerSet.newBuilder().setVersion(version);
        for (int i = 1; i <= members; i++) {
            set.addMembers(ControllerMember.newBuilder()
                    .setControllerId("c" + i)
                    .setAddress("c" + i + ":1")
                    .setMayLead(true));
        }
        return set.build();
    }

    FakeTransport.Conn welcomed(long epoch, ControllerSet set) {
        FakeTransport.Conn conn = transport.last();
        conn.says(ConnectResponse.newBuilder()
                .setWelcome(Welcome.newBuilder()
                        .setClusterUuid(CLUSTER.toString())
                        .setEpoch(epoch)
                        .setHeartbeatMillis(1000)
                        .setKillMarginMillis(2000)
                        .setControllerSet(set)));
        host.loop.settle();
        return conn;
    }

    static Heartbeat lastBeat(FakeTransport.Conn conn) {
        List<ConnectRequest> beats =
                conn.sent.stream().filter(ConnectRequest::hasHeartbeat).toList();
        return beats.get(beats.size() - 1).getHeartbeat();
    }

    LeaseGrant.Builder grant(long epoch, Heartbeat beat) {
        return LeaseGrant.newBuilder()
                .setEpoch(epoch)
                .setSequence(beat.getSequence())
                .setLineage(beat.getLineage())
                .setBootId(beat.getBootId())
                .setLeaseMillis(12_000);
    }

    void says(FakeTransport.Conn conn, LeaseGrant.Builder grant) {
        conn.says(ConnectResponse.newBuilder().setLeaseGrant(grant));
        host.loop.settle();
    }

    /** The leader shows that it lives, for so many heartbeats, and grants nothing. */
    void acksOnly(FakeTransport.Conn conn, int heartbeats) {
        for (int i = 0; i < heartbeats; i++) {
            conn.says(ConnectResponse.newBuilder()
                    .setHeartbeatAck(
                            HeartbeatAck.newBuilder().setSequence(lastBeat(conn).getSequence())));
            host.loop.advance(Duration.ofSeconds(1));
        }
    }

    static ConfirmNotLeadingResponse.Builder notLeading(String id, ControllerSet set) {
        return ConfirmNotLeadingResponse.newBuilder()
                .setControllerId(id)
                .setNotLeading(true)
                .setEpoch(7)
                .setControllerSet(set)
                .setLeaseMillis(12_000);
    }

    /** All questions since the last call. */
    List<FakeTransport.Confirm> asked() {
        List<FakeTransport.Confirm> asked = List.copyOf(transport.confirms);
        transport.confirms.clear();
        return asked;
    }
}
