package io.kelpie.agent.link;

import io.kelpie.proto.v1.ConfirmNotLeadingRequest;
import io.kelpie.proto.v1.ConfirmNotLeadingResponse;
import io.kelpie.proto.v1.ConnectRequest;
import io.kelpie.proto.v1.ConnectResponse;
import io.kelpie.proto.v1.WatchLeaderRequest;
import io.kelpie.proto.v1.WatchLeaderResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Connections whose other end is the test. */
final class FakeTransport implements Transport {
    final List<Conn> dialled = new ArrayList<>();
    final List<Confirm> confirms = new ArrayList<>();
    final List<Asked> watches = new ArrayList<>();
    boolean readyAtOnce = true;

    final class Conn implements Connection {
        final String address;
        final Listener listener;
        final List<ConnectRequest> sent = new ArrayList<>();
        boolean ready = readyAtOnce;
        boolean closed;
        int received;

        Conn(String address, Listener listener) {
            this.address = address;
            this.listener = listener;
        }

        @Override
        public boolean isReady() {
            return ready && !closed;
        }

        @Override
        public void send(ConnectRequest message) {
            sent.add(message);
        }

        @Override
        public void received() {
            received++;
        }

        @Override
        public LogCall uploadLog(LogListener logListener) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void close() {
            closed = true;
        }

        void says(ConnectResponse.Builder message) {
            listener.onMessage(message.build());
        }

        void becomesReady() {
            ready = true;
            listener.onReady();
        }

        void ends(Disconnect.Kind kind, Optional<String> leader) {
            listener.onClosed(new Disconnect(kind, leader, "ended by the test"));
        }
    }

    /** A controller is asked whether it leads. */
    record Confirm(String address, ConfirmNotLeadingRequest request, ConfirmListener listener) {
        void answers(ConfirmNotLeadingResponse.Builder answer) {
            listener.answered(answer.build());
        }
    }

    /** A controller is asked to say when it leads. */
    static final class Asked implements Watch {
        final String address;
        private final WatchListener listener;
        boolean closed;

        Asked(String address, WatchListener listener) {
            this.address = address;
            this.listener = listener;
        }

        void leads(long epoch) {
            listener.leads(WatchLeaderResponse.newBuilder().setEpoch(epoch).build());
        }

        void ends() {
            closed = true;
            listener.ended("ended by the test");
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    @Override
    public Watch watchLeader(String address, WatchLeaderRequest request, WatchListener listener) {
        Asked asked = new Asked(address, listener);
        watches.add(asked);
        return asked;
    }

    /** The open call to a controller. */
    Asked watch(String address) {
        return openWatches().stream()
                .filter(each -> each.address.equals(address))
                .findFirst()
                .orElseThrow();
    }

    List<Asked> openWatches() {
        return watches.stream().filter(each -> !each.closed).toList();
    }

    @Override
    public void confirmNotLeading(
            String address, ConfirmNotLeadingRequest request, Duration deadline, ConfirmListener listener) {
        confirms.add(new Confirm(address, request, listener));
    }

    @Override
    public Connection connect(String address, Listener listener) {
        Conn conn = new Conn(address, listener);
        dialled.add(conn);
        return conn;
    }

    Conn last() {
        return dialled.get(dialled.size() - 1);
    }

    @Override
    public void close() {}
}
