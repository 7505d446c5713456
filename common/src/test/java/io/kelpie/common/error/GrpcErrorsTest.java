package io.kelpie.common.error;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.rpc.ErrorInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.kelpie.proto.v1.ErrorReason;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class GrpcErrorsTest {
    @ParameterizedTest
    @EnumSource(
            value = ErrorReason.class,
            names = {"UNRECOGNIZED"},
            mode = EnumSource.Mode.EXCLUDE)
    void everyReasonArrivesWithACodeThatIsAnError(ErrorReason reason) {
        StatusRuntimeException status = GrpcErrors.toStatus(new KelpieException(reason, "why"));
        assertThat(status.getStatus().getCode()).isNotEqualTo(Status.Code.OK).isEqualTo(GrpcErrors.code(reason));
        assertThat(GrpcErrors.reason(status)).isEqualTo(reason);
    }

    @Test
    void theFixIsInTheMessageAndInTheMetadata() {
        KelpieException e = KelpieException.invalidField("spec.vm.memory", "0 is out of range", "give 1 or more");
        assertThat(e).hasMessage("spec.vm.memory: 0 is out of range. Fix: give 1 or more");
        StatusRuntimeException status = GrpcErrors.toStatus(e);
        ErrorInfo info = GrpcErrors.info(status).orElseThrow();
        assertThat(info.getDomain()).isEqualTo("kelpie.io");
        assertThat(info.getReason()).isEqualTo("INVALID_FIELD");
        assertThat(info.getMetadataMap())
                .containsOnly(Map.entry("field", "spec.vm.memory"), Map.entry("fix", "give 1 or more"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"x", "é", "😀"})
    void noTextOfARequestMakesAnErrorTooLongForItsHeaders(String character) {
        String foreign = character.repeat(1 << 20);
        StatusRuntimeException status = GrpcErrors.toStatus(new KelpieException(
                ErrorReason.ERROR_REASON_VM_NOT_FOUND, foreign, Map.of("vm", foreign, "namespace", foreign)));
        int message = status.getStatus().getDescription() == null
                ? 0
                : status.getStatus().getDescription().getBytes(StandardCharsets.UTF_8).length;
        int details = GrpcErrors.info(status).orElseThrow().getSerializedSize() + message;
        // Percent-encoded, and in base64.
        assertThat(3 * message + 4 * details / 3).isLessThan(8_000);
    }

    @Test
    void aFailureOfAnotherOriginHasNoReason() {
        StatusRuntimeException foreign = Status.UNAVAILABLE.asRuntimeException();
        assertThat(GrpcErrors.info(foreign)).isEmpty();
        assertThat(GrpcErrors.reason(foreign)).isEqualTo(ErrorReason.ERROR_REASON_UNSPECIFIED);
        assertThat(GrpcErrors.reason(new IllegalStateException())).isEqualTo(ErrorReason.ERROR_REASON_UNSPECIFIED);
    }
}
