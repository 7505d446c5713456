package io.kelpie.common.error;

import com.google.protobuf.Any;
import com.google.rpc.ErrorInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.kelpie.proto.v1.ErrorReason;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The one mapping between {@link KelpieException} and gRPC statuses, in both directions. */
public final class GrpcErrors {
    /** Domain of every {@code google.rpc.ErrorInfo} that Kelpie sends. */
    public static final String DOMAIN = "kelpie.io";

    private static final int MAX_MESSAGE = 600;
    private static final int MAX_VALUE = 200;
    private static final String PREFIX = "ERROR_REASON_";

    private GrpcErrors() {}

    /** The gRPC status code of a reason. */
    public static Status.Code code(ErrorReason reason) {
        return switch (reason) {
            case ERROR_REASON_INVALID_FIELD -> Status.Code.INVALID_ARGUMENT;
            case ERROR_REASON_JOB_NOT_FOUND, ERROR_REASON_VM_NOT_FOUND, ERROR_REASON_HOST_NOT_FOUND ->
                Status.Code.NOT_FOUND;
            case ERROR_REASON_REQUEST_ID_REUSED -> Status.Code.ALREADY_EXISTS;
            case ERROR_REASON_VERSION_CONFLICT -> Status.Code.ABORTED;
            case ERROR_REASON_NOT_LEADER,
                    ERROR_REASON_WRONG_STATE,
                    ERROR_REASON_VM_BELONGS_TO_JOB,
                    ERROR_REASON_NO_INSTANCE,
                    ERROR_REASON_WRONG_CLUSTER,
                    ERROR_REASON_HOST_ID_IN_USE,
                    ERROR_REASON_HOST_ALIVE,
                    ERROR_REASON_FENCE_FAILED -> Status.Code.FAILED_PRECONDITION;
            case ERROR_REASON_STORE_UNAVAILABLE, ERROR_REASON_READ_ONLY, ERROR_REASON_HOST_UNREACHABLE ->
                Status.Code.UNAVAILABLE;
            case ERROR_REASON_OUTCOME_UNKNOWN -> Status.Code.UNKNOWN;
            case ERROR_REASON_OVERLOADED -> Status.Code.RESOURCE_EXHAUSTED;
            case ERROR_REASON_INTERNAL, ERROR_REASON_UNSPECIFIED, UNRECOGNIZED -> Status.Code.INTERNAL;
        };
    }

    /**
     * A status with its {@code ErrorInfo} attached. Texts are cut so that the whole fits into the headers that clients
     * accept (8 KiB), whatever a request has brought into them.
     */
    public static StatusRuntimeException toStatus(KelpieException e) {
        ErrorInfo info = ErrorInfo.newBuilder()
                .setReason(e.reason().name().substring(PREFIX.length()))
                .setDomain(DOMAIN)
                .putAllMetadata(shortened(e.metadata()))
                .build();
        return StatusProto.toStatusRuntimeException(com.google.rpc.Status.newBuilder()
                .setCode(code(e.reason()).value())
                .setMessage(shortened(String.valueOf(e.getMessage()), MAX_MESSAGE))
                .addDetails(Any.pack(info))
                .build());
    }

    private static Map<String, String> shortened(Map<String, String> metadata) {
        Map<String, String> shortened = new TreeMap<>();
        metadata.forEach((key, value) -> shortened.put(key, shortened(value, MAX_VALUE)));
        return shortened;
    }

    private static String shortened(String text, int max) {
        return text.length() <= max ? text : text.substring(0, text.offsetByCodePoints(0, max / 2)) + "…";
    }

    /** The {@code ErrorInfo} of a failure, if Kelpie sent it. */
    public static Optional<ErrorInfo> info(Throwable failure) {
        com.google.rpc.Status status = StatusProto.fromThrowable(failure);
        if (status == null) {
            return Optional.empty();
        }
        for (Any detail : status.getDetailsList()) {
            if (detail.is(ErrorInfo.class)) {
                try {
                    ErrorInfo info = detail.unpack(ErrorInfo.class);
                    if (info.getDomain().equals(DOMAIN)) {
                        return Optional.of(info);
                    }
                } catch (com.google.protobuf.InvalidProtocolBufferException e) {
                    return Optional.empty();
                }
            }
        }
        return Optional.empty();
    }

    /** The reason of a failure, or {@code ERROR_REASON_UNSPECIFIED} if Kelpie did not send it. */
    public static ErrorReason reason(Throwable failure) {
        String name = info(failure).map(ErrorInfo::getReason).orElse("UNSPECIFIED");
        for (ErrorReason reason : ErrorReason.values()) {
            if (reason.name().equals(PREFIX + name)) {
                return reason;
            }
        }
        return ErrorReason.ERROR_REASON_UNSPECIFIED;
    }
}
