package io.kelpie.agent.link;

import io.kelpie.proto.v1.ConfirmNotLeadingRequest;
import io.kelpie.proto.v1.ConfirmNotLeadingResponse;
import io.kelpie.proto.v1.ConnectRequest;
import io.kelpie.proto.v1.ConnectResponse;
import io.kelpie.proto.v1.UploadLogRequest;
import io.kelpie.proto.v1.WatchLeaderRequest;
import io.kelpie.proto.v1.WatchLeaderResponse;
import java.time.Duration;
import java.util.Optional;

/** How the agent reaches controllers. */
public interface Transport extends AutoCloseable {
    /** What a connection tells. Called on threads of the transport, one call at a time; must not block. */
    interface Listener {
        /** A message came. No more than a few come before {@link Connection#received} was called for them. */
        void onMessage(ConnectResponse message);

        /** The connection takes messages: for the first time, or again. */
        void onReady();

        /** It is over; nothing follows. */
        void onClosed(Disconnect why);
    }

    /** Why a connection ended. */
    record Disconnect(Kind kind, Optional<String> leader, String message) {
        /** What the controller meant by it. */
        public enum Kind {
            /** The controller does not lead; {@link #leader} may say who does. */
            NOT_LEADER,
            /** The controller does not take this host; it will not as long as nobody mends that. */
            REFUSED,
            /** It was lost, or never made. */
            LOST
        }
    }

    /** A stream to one controller. Used by one thread at a time; its methods do not block. */
    interface Connection {
        /** Whether a message would be sent now rather than kept. */
        boolean isReady();

        void send(ConnectRequest message);

        /** A message was worked off: the controller may send one more. */
        void received();

        /** Begins to upload a log to the same controller. */
        LogCall uploadLog(LogListener listener);

        /** Ends the stream; no listener is called any more. */
        void close();
    }

    /** What the upload of a log tells. Called on threads of the transport; must not block. */
    interface LogListener {
        void onReady();

        /** The controller does not want more, or is gone. */
        void onEnded();
    }

    /** The upload of one log. Used by one thread at a time; its methods do not block. */
    interface LogCall {
        boolean isReady();

        void send(UploadLogRequest message);

        /** Nothing follows. */
        void complete();
    }

    /** What a controller answers when it is asked whether it leads. Called once, on a thread of the transport. */
    interface ConfirmListener {
        void answered(ConfirmNotLeadingResponse answer);

        /** It did not answer in time, or not at all; {@code why} is for the operator. */
        void failed(String why);
    }

    /** What a controller says when it was asked to say so once it leads. Called on threads of the transport, in turn. */
    interface WatchListener {
        /** It leads, in this epoch. */
        void leads(WatchLeaderResponse message);

        /** It will say no more; nothing follows. {@code why} is for the log. */
        void ended(String why);
    }

    /** A controller that was asked to say when it leads. */
    interface Watch {
        /** Asks no more; no listener is called any more. Does not block. */
        void close();
    }

    /** Asks a controller to say so when it leads; never fails at once, but by {@link WatchListener#ended}. */
    Watch watchLeader(String address, WatchLeaderRequest request, WatchListener listener);

    /** Asks a controller whether it leads; does not block. The listener hears of it after the deadline at the latest. */
    void confirmNotLeading(
            String address, ConfirmNotLeadingRequest request, Duration deadline, ConfirmListener listener);

    /** Dials; never fails at once, but by {@link Listener#onClosed}. */
    Connection connect(String address, Listener listener);

    @Override
    void close();
}
