package io.kelpie.it.simulation;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.kelpie.agent.link.Transport;
import io.kelpie.common.error.GrpcErrors;
import io.kelpie.proto.v1.ConnectRequest;
import io.kelpie.proto.v1.ConnectResponse;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One stream between an agent and a controller, over a {@link Link}. Either side learns of its end in its own time. */
final class SimConnection implements Transport.Connection {
    private final World world;
    private final Link link;
    private final Link.Pipe up;
    private final Link.Pipe down;
    private final SimProcess agent;
    private final long agentLife;
    private final SimController controller;
    private final Transport.Listener listener;
    private final Repeats repeats;
    private final ServerSide serverSide = new ServerSide();
    private @Nullable StreamObserver<ConnectRequest> requests;
    private long controllerLife;
    private boolean clientClosed;
    private boolean serverClosed;
    private boolean ready;

    SimConnection(
            World world,
            Link link,
            SimProcess agent,
            SimController controller,
            Transport.Listener listener,
            Repeats repeats) {
        this.world = world;
        this.link = link;
        this.up = link.upward();
        this.down = link.downward();
        this.agent = agent;
        this.agentLife = agent.life();
        this.controller = controller;
        this.listener = listener;
        this.repeats = repeats;
        link.opened(this);
        up.send(this::arrived);
    }

    // ---- the agent's side ----

    @Override
    public boolean isReady() {
        return ready && !clientClosed;
    }

    @Override
    public void send(ConnectRequest message) {
        if (!clientClosed) {
            up.send(() -> toServer(() -> {
                StreamObserver<ConnectRequest> to = requests;
                if (to != null) {
                    to.onNext(message);
                }
            }));
        }
    }

    /** The network delivers something that was sent to this agent before, by whatever connection. */
    void again(ConnectResponse message) {
        if (!link.down.cut) {
            toClient(() -> listener.onMessage(message));
        }
    }

    @Override
    public void received() {}

    @Override
    public Transport.LogCall uploadLog(Transport.LogListener logListener) {
        throw new IllegalStateException("no log is asked for in a simulation");
    }

    @Override
    public void close() {
        if (!clientClosed) {
            clientClosed = true;
            up.send(this::cancelServer);
            forgetIfOver();
        }
    }

    private void toClient(Runnable task) {
        agent.post(0, () -> {
            if (!clientClosed && agent.life() == agentLife) {
                task.run();
            }
        });
    }

    private void endClient(Transport.Disconnect why) {
        toClient(() -> {
            clientClosed = true;
            forgetIfOver();
            listener.onClosed(why);
        });
    }

    private static Transport.Disconnect lost(String message) {
        return new Transport.Disconnect(Transport.Disconnect.Kind.LOST, Optional.empty(), message);
    }

    // ---- the controller's side ----

    private void arrived() {
        if (!controller.process.alive()) {
            serverClosed = true;
            down.send(() -> endClient(lost("connection refused")));
            return;
        }
        controllerLife = controller.process.life();
        controller.process.post(0, () -> {
            requests = controller.agentStreams().connect(serverSide);
            down.send(() -> toClient(() -> {
                ready = true;
                listener.onReady();
            }));
        });
    }

    private void toServer(Runnable task) {
        if (controller.process.life() != controllerLife) {
            if (!serverClosed) {
                serverClosed = true;
                down.send(() -> endClient(lost("connection reset")));
            }
            return;
        }
        controller.process.post(0, () -> {
            if (!serverClosed) {
                task.run();
            }
        });
    }

    private void cancelServer() {
        if (controller.process.life() != controllerLife) {
            serverClosed = true;
            forgetIfOver();
            return;
        }
        controller.process.post(0, () -> {
            if (!serverClosed) {
                serverClosed = true;
                forgetIfOver();
                Runnable handler = serverSide.onCancel;
                if (handler != null) {
                    handler.run();
                }
            }
        });
    }

    private void endServer(Transport.Disconnect why) {
        if (!serverClosed) {
            serverClosed = true;
            down.send(() -> endClient(why));
        }
    }

    /** The process of either side has died: its kernel may have said so to the other. */
    void peerDied(SimProcess process) {
        if (process == controller.process) {
            endServer(lost("connection reset"));
        } else if (!clientClosed) {
            clientClosed = true;
            up.send(this::cancelServer);
        }
        forgetIfOver();
    }

    boolean belongsTo(SimProcess process) {
        return process == agent || process == controller.process;
    }

    // ---- what the network does ----

    void reset() {
        world.after(link.chance(World.SECOND / 5), () -> endClient(lost("connection reset")));
        world.after(link.chance(World.SECOND / 5), this::cancelServer);
    }

    void timedOut() {
        world.after(link.chance(2 * World.SECOND), () -> endClient(lost("keepalive failed")));
        world.after(link.chance(2 * World.SECOND), this::cancelServer);
    }

    void healed(Consumer<Link.Pipe> pipe) {
        pipe.accept(up);
        pipe.accept(down);
    }

    private void forgetIfOver() {
        if (clientClosed && serverClosed) {
            link.closed(this);
        }
    }

    private final class ServerSide extends ServerCallStreamObserver<ConnectResponse> {
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
        public void onNext(ConnectResponse message) {
            if (!serverClosed) {
                repeats.sent(message);
                down.send(() -> toClient(() -> {
                    if (message.hasWelcome()) {
                        repeats.welcomed(SimConnection.this);
                    }
                    listener.onMessage(message);
                }));
            }
        }

        @Override
        public void onError(Throwable failure) {
            endServer(disconnect(failure));
        }

        @Override
        public void onCompleted() {
            endServer(lost("the controller ended the stream"));
        }
    }

    /** As gRPC's transport reads a status. */
    private static Transport.Disconnect disconnect(Throwable failure) {
        String message = String.valueOf(failure.getMessage());
        return switch (GrpcErrors.reason(failure)) {
            case ERROR_REASON_NOT_LEADER ->
                new Transport.Disconnect(
                        Transport.Disconnect.Kind.NOT_LEADER,
                        GrpcErrors.info(failure)
                                .map(info -> info.getMetadataMap().get("leader"))
                                .filter(leader -> !leader.isEmpty()),
                        message);
            case ERROR_REASON_WRONG_CLUSTER, ERROR_REASON_HOST_ID_IN_USE, ERROR_REASON_INVALID_FIELD ->
                new Transport.Disconnect(Transport.Disconnect.Kind.REFUSED, Optional.empty(), message);
            default -> lost(message);
        };
    }
}
