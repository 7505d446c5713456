package io.kelpie.it.simulation;

import io.grpc.stub.ServerCallStreamObserver;
import io.kelpie.agent.link.Transport;
import io.kelpie.proto.v1.WatchLeaderRequest;
import io.kelpie.proto.v1.WatchLeaderResponse;
import org.jspecify.annotations.Nullable;

/** One call of an agent that waits for a controller to lead. Keepalive tells either side when the other is gone. */
final class SimWatch implements Transport.Watch {
    private static final long KEEPALIVE_NANOS = 2 * World.SECOND;

    private final Link link;
    private final Link.Pipe up;
    private final Link.Pipe down;
    private final SimProcess agent;
    private final long agentLife;
    private final SimController controller;
    private final Transport.WatchListener listener;
    private final ServerSide serverSide = new ServerSide();
    private long controllerLife;
    private boolean arrived;
    private boolean clientClosed;
    private boolean serverClosed;

    SimWatch(
            Link link,
            SimProcess agent,
            SimController controller,
            WatchLeaderRequest request,
            Transport.WatchListener listener) {
        this.link = link;
        this.up = link.upward();
        this.down = link.downward();
        this.agent = agent;
        this.agentLife = agent.life();
        this.controller = controller;
        this.listener = listener;
        up.send(() -> arrived(request));
        keepAlive();
    }

    @Override
    public void close() {
        clientClosed = true;
        up.send(this::cancelServer);
    }

    private void arrived(WatchLeaderRequest request) {
        if (!controller.process.alive()) {
            serverClosed = true;
            down.send(() -> endClient("connection refused"));
            return;
        }
        arrived = true;
        controllerLife = controller.process.life();
        controller.process.post(0, () -> controller.agentStreams().watchLeader(request, serverSide));
    }

    private void cancelServer() {
        if (!arrived || serverClosed || controller.process.life() != controllerLife) {
            return;
        }
        controller.process.post(0, () -> {
            Runnable handler = serverSide.onCancel;
            if (!serverClosed && handler != null) {
                serverClosed = true;
                handler.run();
            }
            serverClosed = true;
        });
    }

    private void toClient(Runnable task) {
        agent.post(0, () -> {
            if (!clientClosed && agent.life() == agentLife) {
                task.run();
            }
        });
    }

    private void endClient(String why) {
        toClient(() -> {
            clientClosed = true;
            listener.ended(why);
        });
    }

    private void keepAlive() {
        agent.timer(KEEPALIVE_NANOS, () -> {
            boolean reset = arrived && controller.process.life() != controllerLife;
            if (clientClosed || serverClosed) {
                return;
            }
            if (reset || link.cut()) {
                endClient("keepalive failed");
                cancelServer();
            } else {
                keepAlive();
            }
        });
    }

    private final class ServerSide extends ServerCallStreamObserver<WatchLeaderResponse> {
        @Nullable Runnable onCancel;

        @Override
        public boolean isCancelled() {
            return serverClosed;
        }

        @Override
        public void setOnCancelHandler(Runnable handler) {
            onCancel = handler;
        }

        @Override
        public void setCompression(String compression) {}

        @Override
        public boolean isReady() {
            return !serverClosed;
        }

        @Override
        public void setOnReadyHandler(Runnable handler) {}

        @Override
        public void request(int count) {}

        @Override
        public void setMessageCompression(boolean enable) {}

        @Override
        public void disableAutoInboundFlowControl() {}

        @Override
        public void onNext(WatchLeaderResponse message) {
            if (!serverClosed) {
                down.send(() -> toClient(() -> listener.leads(message)));
            }
        }

        @Override
        public void onError(Throwable failure) {
            onCompleted();
        }

        @Override
        public void onCompleted() {
            if (!serverClosed) {
                serverClosed = true;
                down.send(() -> endClient("the controller ended the call"));
            }
        }
    }
}
