package io.kelpie.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.kelpie.cli.testing.FakeCluster;
import io.kelpie.cli.testing.FakeController;
import io.kelpie.cli.testing.Kelpie;
import io.kelpie.common.error.GrpcErrors;
import io.kelpie.common.error.KelpieException;
import io.kelpie.proto.v1.ErrorReason;
import io.kelpie.proto.v1.ReadVmLogRequest;
import io.kelpie.proto.v1.ReadVmLogResponse;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LogsCommandTest {
    private final FakeCluster cluster = new FakeCluster();
    private final FakeController controller = new FakeController(cluster, "c1");
    private final Kelpie kelpie = new Kelpie().at(controller);

    @AfterEach
    void close() {
        controller.close();
    }

    @Test
    void writesTheBytesAsTheyAre() {
        cluster.log = log -> {
            log.onNext(piece("Linux version 6.1\r\n\u001b[1mlogin"));
            log.onNext(piece(": "));
            log.onCompleted();
        };

        assertThat(kelpie.run("logs", "vm/web-0", "--tail", "100", "-n", "shop"))
                .isEqualTo(new Kelpie.Result(0, "Linux version 6.1\r\n\u001b[1mlogin: ", ""));
        assertThat(cluster.requests)
                .containsExactly(ReadVmLogRequest.newBuilder()
                        .setNamespace("shop")
                        .setName("web-0")
                        .setTailBytes(100)
                        .build());
    }

    @Test
    void anEmptyLogIsNoError() {
        assertThat(kelpie.run("logs", "web-0")).isEqualTo(new Kelpie.Result(0, "", ""));
    }

    @Test
    void aCutKeepsWhatCameAndSaysHowToGoOn() {
        cluster.log = log -> {
            log.onNext(piece("half a li"));
            log.onError(Status.UNAVAILABLE.withDescription("agent gone").asRuntimeException());
        };

        assertThat(kelpie.run("logs", "web-0")).isEqualTo(new Kelpie.Result(1, "half a li", """
                        error: the log of vm 'web-0' was cut off: agent gone
                        fix: go on with: kelpie logs web-0 --tail 4096
                        """));
    }

    @Test
    void aHostThatIsNotConnectedIsTold() {
        cluster.log = log -> log.onError(GrpcErrors.toStatus(new KelpieException(
                ErrorReason.ERROR_REASON_HOST_UNREACHABLE, "host h1 is not connected", Map.of("host", "h1"))));

        assertThat(kelpie.run("logs", "web-0")).isEqualTo(new Kelpie.Result(1, "", """
                        error: cannot read the log of vm 'web-0': host h1 is not connected
                        fix: see why with: kelpie describe host h1
                        """));
    }

    private static ReadVmLogResponse piece(String text) {
        return ReadVmLogResponse.newBuilder()
                .setData(ByteString.copyFromUtf8(text))
                .build();
    }
}
