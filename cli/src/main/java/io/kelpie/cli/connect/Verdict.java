package io.kelpie.cli.connect;

import static io.kelpie.proto.v1.ErrorReason.ERROR_REASON_UNSPECIFIED;

import com.google.rpc.ErrorInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.kelpie.common.error.GrpcErrors;
import java.util.Map;
import java.util.Optional;

/** What the failure of one attempt means for the next one. */
enum Verdict {
    /** The controller has answered; another attempt would hear the same. */
    FINAL,
    /** Another controller leads, or none. Nothing was changed. */
    NOT_LEADER,
    /** The controller does not trust its store, and changes nothing before an operator decides; another one may lead. */
    READ_ONLY,
    /** The controller cannot do it now. Nothing was changed. */
    NOT_NOW,
    /** The request never left. */
    NOT_SENT,
    /** The request left and its answer is lost or unknown: a change may have been made. */
    LOST;

    static Verdict of(StatusRuntimeException failure, Attempt attempt) {
        Verdict byReason = switch (GrpcErrors.reason(failure)) {
            case ERROR_REASON_NOT_LEADER -> NOT_LEADER;
            case ERROR_REASON_STORE_UNAVAILABLE, ERROR_REASON_OVERLOADED -> NOT_NOW;
            case ERROR_REASON_OUTCOME_UNKNOWN -> LOST;
            case ERROR_REASON_READ_ONLY -> READ_ONLY;
            case ERROR_REASON_UNSPECIFIED,
                    ERROR_REASON_INVALID_FIELD,
                    ERROR_REASON_JOB_NOT_FOUND,
                    ERROR_REASON_VM_NOT_FOUND,
                    ERROR_REASON_HOST_NOT_FOUND,
                    ERROR_REASON_REQUEST_ID_REUSED,
                    ERROR_REASON_VERSION_CONFLICT,
                    ERROR_REASON_WRONG_STATE,
                    ERROR_REASON_INTERNAL,
                    ERROR_REASON_VM_BELONGS_TO_JOB,
                    ERROR_REASON_HOST_UNREACHABLE,
                    ERROR_REASON_NO_INSTANCE,
                    ERROR_REASON_WRONG_CLUSTER,
                    ERROR_REASON_HOST_ID_IN_USE,
                    ERROR_REASON_HOST_ALIVE,
                    ERROR_REASON_FENCE_FAILED,
                    UNRECOGNIZED -> FINAL;
        };
        if (byReason != FINAL || GrpcErrors.reason(failure) != ERROR_REASON_UNSPECIFIED) {
            return byReason;
        }
        return byTransport(failure.getStatus().getCode(), attempt);
    }

    /** For a failure that no controller has explained. */
    private static Verdict byTransport(Status.Code code, Attempt attempt) {
        return switch (code) {
            case UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED, INTERNAL, UNKNOWN, ABORTED, DATA_LOSS ->
                attempt.maySent() ? LOST : NOT_SENT;
            case OK,
                    INVALID_ARGUMENT,
                    NOT_FOUND,
                    ALREADY_EXISTS,
                    PERMISSION_DENIED,
                    RESOURCE_EXHAUSTED,
                    FAILED_PRECONDITION,
                    OUT_OF_RANGE,
                    UNIMPLEMENTED,
                    UNAUTHENTICATED -> FINAL;
        };
    }

    /** The leader's address, if the failure names one that can be dialled. */
    static Optional<ControllerAddress> leader(StatusRuntimeException failure) {
        return GrpcErrors.info(failure)
                .map(ErrorInfo::getMetadataMap)
                .map((Map<String, String> metadata) -> metadata.get("leader"))
                .flatMap(ControllerAddress::parse);
    }
}
