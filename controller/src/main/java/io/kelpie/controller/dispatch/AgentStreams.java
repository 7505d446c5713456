package io.kelpie.controller.dispatch;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.kelpie.common.error.GrpcErrors;
import io.kelpie.common.error.KelpieException;
import io.kelpie.common.id.Uuids;
import io.kelpie.common.time.TimeSource;
import io.kelpie.controller.control.ControlEvent;
import io.kelpie.controller.control.ControlQueue;
import io.kelpie.controller.lease.Leases;
import io.kelpie.controller.lease.Question;
import io.kelpie.proto.v1.AgentServiceGrpc;
import io.kelpie.proto.v1.ConfirmNotLeadingRequest;
import io.kelpie.proto.v1.ConfirmNotLeadingResponse;
import io.kelpie.proto.v1.ConnectRequest;
import io.kelpie.proto.v1.ConnectResponse;
import io.kelpie.proto.v1.Heartbeat;
import io.kelpie.proto.v1.HeartbeatAck;
import io.kelpie.proto.v1.Hello;
import io.kelpie.proto.v1.InstanceReport;
import io.kelpie.proto.v1.UploadLogRequest;
import io.kelpie.proto.v1.UploadLogResponse;
import io.kelpie.proto.v1.WatchLeaderRequest;
import io.kelpie.proto.v1.WatchLeaderResponse;

/** What agents call. Checks what comes in and hands it to the control thread; nothing is decided here. */
public final class AgentStreams extends AgentServiceGrpc.AgentServiceImplBase {
    private final ControlQueue queue;
    private final Leases leases;
    private final NotLeadingAnswers notLeading;
    private final LeaderWatches watches;
    private final LogRelay logs;
    private final HostContacts contacts;
    private final TimeSource time;

    public AgentStreams(
            ControlQueue queue,
            Leases leases,
            NotLeadingAnswers notLeading,
            LeaderWatches watches,
            LogRelay logs,
            HostContacts contacts,
            TimeSource time) {
        this.queue = queue;
        this.leases = leases;
        this.notLeading = notLeading;
        this.watches = watches;
        this.logs = logs;
        this.contacts = contacts;
        this.time = time;
    }

    @Override
    public StreamObserver<ConnectRequest> connect(StreamObserver<ConnectResponse> responses) {
        var observer = (ServerCallStreamObserver<ConnectResponse>) responses;
        StreamSession session = new StreamSession(observer, time);
        observer.setOnReadyHandler(session::drain);
        Requests requests = new Requests(session);
        observer.setOnCancelHandler(requests::lost);
        return requests;
    }

    @Override
    public void confirmNotLeading(
            ConfirmNotLeadingRequest request, StreamObserver<ConfirmNotLeadingResponse> responses) {
        ConfirmNotLeadingResponse response;
        try {
            response = notLeading.answer(request);
        } catch (KelpieException e) {
            responses.onError(GrpcErrors.toStatus(e));
            return;
        }
        responses.onNext(response);
        responses.onCompleted();
    }

    @Override
    public void watchLeader(WatchLeaderRequest request, StreamObserver<WatchLeaderResponse> responses) {
        try {
            requireUuid("host_id", request.getHostId());
            contacts.heard(request.getHostId());
            watches.watch(request.getHostId(), (ServerCallStreamObserver<WatchLeaderResponse>) responses);
        } catch (KelpieException e) {
            responses.onError(GrpcErrors.toStatus(e));
        }
    }

    @Override
    public StreamObserver<UploadLogRequest> uploadLog(StreamObserver<UploadLogResponse> responses) {
        return logs.upload((ServerCallStreamObserver<UploadLogResponse>) responses);
    }

    /** One stream's messages; gRPC calls one method at a time. */
    private final class Requests implements StreamObserver<ConnectRequest> {
        private final StreamSession session;
        private String hostId = "";
        private boolean greeted;
        private boolean ended;

        Requests(StreamSession session) {
            this.session = session;
        }

        @Override
        public void onNext(ConnectRequest request) {
            if (ended) {
                return;
            }
            session.heard();
            try {
                if (greeted) {
                    contacts.heard(hostId);
                    next(request);
                } else {
                    hello(request);
                }
            } catch (KelpieException e) {
                session.close(e);
                gone();
            }
        }

        private void hello(ConnectRequest request) {
            if (!request.hasHello()) {
                throw KelpieException.invalidField("hello", "is missing", "begin a stream with Hello");
            }
            Hello hello = request.getHello();
            requireUuid("hello.host_id", hello.getHostId());
            hello.getInstancesList().forEach(AgentStreams::check);
            hostId = hello.getHostId();
            contacts.heard(hostId);
            greeted = true;
            queue.add(new ControlEvent.AgentConnected(session, hello));
        }

        private void next(ConnectRequest request) {
            switch (request.getMessageCase()) {
                case HEARTBEAT -> {
                    Heartbeat heartbeat = request.getHeartbeat();
                    session.setPools(heartbeat.getPoolsList());
                    if (heartbeat.hasCachedImages()) {
                        session.setCachedImages(heartbeat.getCachedImages().getDigestsList());
                        queue.add(new ControlEvent.ImagesChanged(session));
                    }
                    // Not by the control thread: nothing that it does may delay a grant.
                    leases.question(
                            hostId,
                            session,
                            new Question(
                                    heartbeat.getBootId(),
                                    heartbeat.getSequence(),
                                    heartbeat.getLineage(),
                                    heartbeat.getOpens(),
                                    heartbeat.getUntilThaw()));
                    session.send(ConnectResponse.newBuilder()
                            .setHeartbeatAck(HeartbeatAck.newBuilder().setSequence(heartbeat.getSequence()))
                            .build());
                }
                case ACK -> {
                    requireUuid("ack.vm_id", request.getAck().getVmId());
                    queue.add(new ControlEvent.AckReceived(session, request.getAck()));
                }
                case REPORT -> {
                    check(request.getReport());
                    if (session.addReport(request.getReport())) {
                        queue.add(new ControlEvent.ReportsReady(session));
                    }
                }
                case CAPABILITIES ->
                    queue.add(new ControlEvent.CapabilitiesChanged(session, request.getCapabilities()));
                case CAPACITY -> queue.add(new ControlEvent.CapacityChanged(session, request.getCapacity()));
                case HELLO -> throw KelpieException.invalidField("hello", "came twice", "send it once a stream");
                case MESSAGE_NOT_SET -> {} // a newer agent's message
            }
        }

        @Override
        public void onError(Throwable failure) {
            lost();
        }

        @Override
        public void onCompleted() {
            session.ended();
            gone();
        }

        void lost() {
            session.lost();
            gone();
        }

        private void gone() {
            if (!ended) {
                ended = true;
                if (greeted) {
                    leases.ended(hostId, session);
                    queue.add(new ControlEvent.AgentClosed(session));
                }
            }
        }
    }

    private static void check(InstanceReport report) {
        requireUuid("report.vm_id", report.getVmId());
        if (report.getIncarnation() < 1) {
            throw KelpieException.invalidField(
                    "report.incarnation", report.getIncarnation() + " is below 1", "send the instance's incarnation");
        }
    }

    private static void requireUuid(String field, String value) {
        if (Uuids.parse(value).isEmpty()) {
            throw KelpieException.invalidField(field, "is no UUID", "send a UUID in its usual form");
        }
    }
}
