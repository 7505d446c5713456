package io.kelpie.controller.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.kelpie.controller.control.TestAgent;
import io.kelpie.proto.v1.OpenLog;
import io.kelpie.proto.v1.ReadVmLogRequest;
import io.kelpie.proto.v1.ReadVmLogResponse;
import io.kelpie.proto.v1.UploadLogRequest;
import io.kelpie.proto.v1.UploadLogResponse;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LogReadingTest {
    private static final int MANY = 1_000;

    private final TestApi api = TestApi.leading();

    @AfterEach
    void close() {
        api.close();
    }

    private Received<ReadVmLogRequest, ReadVmLogResponse> read(int first) {
        Received<ReadVmLogRequest, ReadVmLogResponse> reader = new Received<>(first);
        api.vmStreams.readVmLog(
                ReadVmLogRequest.newBuilder()
                        .setNamespace("default")
                        .setName("web-0")
                        .setFollow(true)
                        .setTailBytes(7)
                        .build(),
                reader);
        api.controller.settle();
        return reader;
    }

    private static OpenLog asked(TestAgent agent) {
        var messages = agent.takeMessages();
        assertThat(messages).hasSize(1);
        return messages.get(0).getOpenLog();
    }

    private Received<UploadLogRequest, UploadLogResponse> upload() {
        Received<UploadLogRequest, UploadLogResponse> upload = new Received<>(MANY);
        api.agents.uploadLog(upload);
        return upload;
    }

    private static UploadLogRequest piece(String logId, String text) {
        return UploadLogRequest.newBuilder()
                .setLogId(logId)
                .setData(ByteString.copyFromUtf8(text))
                .build();
    }

    @Test
    void whatTheAgentUploadsReachesTheReader() {
        TestAgent agent = api.running("web", 1);
        var reader = read(MANY);
        OpenLog open = asked(agent);
        assertThat(open.getFollow()).isTrue();
        assertThat(open.getTailBytes()).isEqualTo(7);
        assertThat(open.getVmId()).isEqualTo(api.controller.vm("web-0").record().getVmId());

        var upload = upload();
        upload.call().onNext(piece(open.getLogId(), "hello "));
        upload.call().onNext(piece("", ""));
        upload.call().onNext(piece("", "guest"));
        upload.call().onCompleted();
        assertThat(reader.messages)
                .extracting(piece -> piece.getData().toStringUtf8())
                .containsExactly("hello ", "guest");
        assertThat(reader.completed).isTrue();
        assertThat(upload.completed).isTrue();
    }

    @Test
    void noMoreThanOnePieceIsUnderWay() {
        TestAgent agent = api.running("web", 1);
        var reader = read(1);
        var upload = upload();
        String logId = asked(agent).getLogId();
        upload.call().onNext(piece(logId, "1"));
        assertThat(reader.taken()).hasSize(1);
        assertThat(upload.call().isReady()).as("the reader takes no more").isFalse();
        upload.call().onNext(piece("", "2"));
        assertThat(reader.taken()).isEmpty();

        reader.take(1);
        assertThat(reader.taken()).hasSize(1);
        assertThat(upload.call().isReady()).isFalse();
        reader.take(1);
        assertThat(upload.call().isReady()).isTrue();
        upload.call().onNext(piece("", "3"));
        assertThat(reader.taken())
                .extracting(piece -> piece.getData().toStringUtf8())
                .containsExactly("3");
        assertThat(upload.call().isReady()).isFalse();
    }

    @Test
    void aReaderThatGoesAwayEndsTheUpload() {
        TestAgent agent = api.running("web", 1);
        var reader = read(MANY);
        var upload = upload();
        upload.call().onNext(piece(asked(agent).getLogId(), "1"));
        assertThat(upload.completed).isFalse();
        reader.cancel();
        assertThat(upload.completed).isTrue();
    }

    @Test
    void anUploadForAReaderThatIsGoneEndsAtOnce() {
        TestAgent agent = api.running("web", 1);
        read(MANY).cancel();
        var upload = upload();
        upload.call().onNext(piece(asked(agent).getLogId(), "1"));
        assertThat(upload.completed).isTrue();
        var unknown = upload();
        unknown.call().onNext(piece(UUID.randomUUID().toString(), "1"));
        assertThat(unknown.completed).isTrue();
    }

    @Test
    void theAgentsReasonReachesTheReader() {
        TestAgent agent = api.running("web", 1);
        var reader = read(MANY);
        var upload = upload();
        upload.call()
                .onNext(UploadLogRequest.newBuilder()
                        .setLogId(asked(agent).getLogId())
                        .setError("the log is gone")
                        .build());
        assertThat(reader.failure).hasMessageContaining("FAILED_PRECONDITION").hasMessageContaining("the log is gone");
        assertThat(upload.completed).isTrue();
    }

    @Test
    void anUploadThatBreaksOffIsToldToTheReader() {
        TestAgent agent = api.running("web", 1);
        var reader = read(MANY);
        var upload = upload();
        upload.call().onNext(piece(asked(agent).getLogId(), "1"));
        upload.cancel();
        TestApi.refused(Status.Code.UNAVAILABLE, "HOST_UNREACHABLE", reader::end);
    }

    @Test
    void aHostThatIsAwayIsNamed() {
        TestAgent agent = api.running("web", 1);
        agent.disconnect();
        api.controller.settle();
        var reader = read(MANY);
        assertThat(TestApi.refused(Status.Code.UNAVAILABLE, "HOST_UNREACHABLE", reader::end)
                        .getMetadataMap())
                .containsEntry("host", "h1");
    }

    @Test
    void aVmThatNeverRanHasNoLog() {
        api.apply("default", "web", 1);
        TestApi.refused(Status.Code.FAILED_PRECONDITION, "NO_INSTANCE", read(MANY)::end);
    }
}
