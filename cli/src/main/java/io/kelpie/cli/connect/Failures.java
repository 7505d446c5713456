package io.kelpie.cli.connect;

import com.google.rpc.ErrorInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.kelpie.cli.CliException;
import io.kelpie.cli.ExitCode;
import io.kelpie.cli.NotNowException;
import io.kelpie.common.error.GrpcErrors;
import io.kelpie.proto.v1.ErrorReason;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Turns failed calls into errors that say what, why and the next step. */
final class Failures {
    private Failures() {}

    /** A controller's answer that ends the command. */
    static CliException answered(Operation operation, StatusRuntimeException failure) {
        ErrorReason reason = GrpcErrors.reason(failure);
        Map<String, String> metadata =
                GrpcErrors.info(failure).map(ErrorInfo::getMetadataMap).orElse(Map.of());
        String why = description(failure);
        String fix = metadata.get("fix");
        if (fix == null) {
            fix = fix(reason, failure.getStatus().getCode(), metadata);
        } else {
            why = withoutFix(why, fix);
        }
        ExitCode exitCode = exitCode(reason, failure.getStatus().getCode());
        String problem = "cannot " + operation.what() + ": " + why;
        // A host connects anew when the leader has changed.
        return reason == ErrorReason.ERROR_REASON_HOST_UNREACHABLE
                ? new NotNowException(exitCode, problem, fix)
                : new CliException(exitCode, problem, fix);
    }

    /** A controller's answer that may be another one later. */
    static CliException answeredNotNow(Operation operation, StatusRuntimeException failure) {
        CliException answered = answered(operation, failure);
        return new NotNowException(answered.exitCode(), String.valueOf(answered.getMessage()), answered.fix());
    }

    /** A controller's answer that ends the command, after an attempt whose answer was lost. */
    static CliException answeredLate(Operation operation, StatusRuntimeException failure) {
        return settlesEarlier(GrpcErrors.reason(failure))
                ? answered(operation, failure)
                : new CliException(
                        ExitCode.FAILED,
                        operation.what() + ": outcome unknown: it was sent and may have been done, but its answer was"
                                + " lost; asked again, the controller answered: " + description(failure),
                        "ask with: " + operation.ask());
    }

    /**
     * True if a refusal says that the same request was not done before either: the leader looks for a done request before
     * it looks at anything that can change.
     */
    private static boolean settlesEarlier(ErrorReason reason) {
        return switch (reason) {
            case ERROR_REASON_INVALID_FIELD,
                    ERROR_REASON_JOB_NOT_FOUND,
                    ERROR_REASON_VM_NOT_FOUND,
                    ERROR_REASON_HOST_NOT_FOUND,
                    ERROR_REASON_VERSION_CONFLICT,
                    ERROR_REASON_WRONG_STATE,
                    ERROR_REASON_VM_BELONGS_TO_JOB,
                    ERROR_REASON_HOST_ALIVE,
                    ERROR_REASON_FENCE_FAILED -> true;
            case ERROR_REASON_UNSPECIFIED,
                    ERROR_REASON_REQUEST_ID_REUSED,
                    ERROR_REASON_NOT_LEADER,
                    ERROR_REASON_STORE_UNAVAILABLE,
                    ERROR_REASON_OUTCOME_UNKNOWN,
                    ERROR_REASON_OVERLOADED,
                    ERROR_REASON_INTERNAL,
                    ERROR_REASON_HOST_UNREACHABLE,
                    ERROR_REASON_NO_INSTANCE,
                    ERROR_REASON_WRONG_CLUSTER,
                    ERROR_REASON_HOST_ID_IN_USE,
                    ERROR_REASON_READ_ONLY,
                    UNRECOGNIZED -> false;
        };
    }

    /** The operator has ended the command while a change had no answer. */
    static CliException interrupted(Operation operation, boolean sent) {
        return new CliException(
                ExitCode.FAILED,
                operation.what() + ": interrupted, outcome unknown: "
                        + (sent
                                ? "it was sent and may have been done"
                                : "no controller had answered yet, and it was probably not sent"),
                "ask with: " + operation.ask());
    }

    /** A change was sent, and no answer came within the request's time. */
    static CliException outcomeUnknown(Operation operation, Duration timeout, String attempts) {
        return new CliException(
                ExitCode.FAILED,
                operation.what() + ": outcome unknown: it was sent and may have been done, but no answer came within "
                        + seconds(timeout) + " (" + attempts + ")",
                "ask with: " + operation.ask());
    }

    static CliException noLeader(Operation operation, Duration timeout, String attempts) {
        return new NotNowException(
                ExitCode.CONTROLLER_UNREACHABLE,
                "cannot " + operation.what() + ": no leading controller was reached within " + seconds(timeout) + " ("
                        + attempts + ")" + unchanged(operation),
                "see which controllers run with: kelpie cluster status");
    }

    static CliException unreachable(Operation operation, String attempts) {
        return new CliException(
                ExitCode.CONTROLLER_UNREACHABLE,
                "cannot " + operation.what() + ": no controller answers (" + attempts + ")" + unchanged(operation),
                "start a controller there, or name other addresses with --controllers host:port,… or in KELPIE_CONTROLLERS");
    }

    /** Why one attempt failed, short. */
    static String shortReason(StatusRuntimeException failure, Attempt attempt) {
        return switch (Verdict.of(failure, attempt)) {
            case NOT_SENT ->
                failure.getStatus().getCode() == Status.Code.DEADLINE_EXCEEDED
                        ? "no connection in time"
                        : causeOf(failure);
            case LOST ->
                GrpcErrors.reason(failure) == ErrorReason.ERROR_REASON_OUTCOME_UNKNOWN
                        ? "the store's answer was lost"
                        : failure.getStatus().getCode() == Status.Code.DEADLINE_EXCEEDED
                                ? "no answer in time"
                                : "the connection was lost";
            case NOT_LEADER -> "does not lead";
            case NOT_NOW, READ_ONLY, FINAL -> description(failure);
        };
    }

    private static String description(StatusRuntimeException failure) {
        String description = failure.getStatus().getDescription();
        return description == null || description.isBlank()
                ? "the controller answered " + failure.getStatus().getCode()
                : description;
    }

    private static String causeOf(StatusRuntimeException failure) {
        Throwable cause = failure.getStatus().getCause();
        if (cause == null) {
            return "no connection";
        }
        if (cause instanceof java.nio.channels.UnresolvedAddressException
                || cause instanceof java.net.UnknownHostException) {
            return "unknown host name";
        }
        if (cause instanceof java.net.SocketTimeoutException) {
            return "no connection in time";
        }
        // Netty's exceptions say the reason first and repeat the address; the root says the reason alone.
        Throwable root = cause;
        while (root.getCause() != null && root.getCause() != root) {
            root = root.getCause();
        }
        String message = root.getMessage();
        return message == null || message.isBlank() ? "no connection" : message.toLowerCase(java.util.Locale.ROOT);
    }

    private static String unchanged(Operation operation) {
        return operation.changes() ? "; nothing was changed" : "";
    }

    private static String seconds(Duration timeout) {
        return timeout.toMillis() % 1000 == 0 ? timeout.toSeconds() + " s" : timeout.toMillis() + " ms";
    }

    /** The message repeats the fix for those who see it alone; here it has a line of its own. */
    private static String withoutFix(String why, String fix) {
        String repeated = ". Fix: " + fix;
        return why.endsWith(repeated) ? why.substring(0, why.length() - repeated.length()) : why;
    }

    private static ExitCode exitCode(ErrorReason reason, Status.Code code) {
        return switch (reason) {
            case ERROR_REASON_JOB_NOT_FOUND, ERROR_REASON_VM_NOT_FOUND, ERROR_REASON_HOST_NOT_FOUND ->
                ExitCode.NOT_FOUND;
            case ERROR_REASON_VERSION_CONFLICT -> ExitCode.VERSION_CONFLICT;
            case ERROR_REASON_INVALID_FIELD -> ExitCode.USAGE;
            case ERROR_REASON_REQUEST_ID_REUSED,
                    ERROR_REASON_NOT_LEADER,
                    ERROR_REASON_STORE_UNAVAILABLE,
                    ERROR_REASON_OUTCOME_UNKNOWN,
                    ERROR_REASON_OVERLOADED,
                    ERROR_REASON_WRONG_STATE,
                    ERROR_REASON_INTERNAL,
                    ERROR_REASON_VM_BELONGS_TO_JOB,
                    ERROR_REASON_HOST_UNREACHABLE,
                    ERROR_REASON_NO_INSTANCE,
                    ERROR_REASON_WRONG_CLUSTER,
                    ERROR_REASON_HOST_ID_IN_USE,
                    ERROR_REASON_READ_ONLY,
                    ERROR_REASON_HOST_ALIVE,
                    ERROR_REASON_FENCE_FAILED -> ExitCode.FAILED;
            case ERROR_REASON_UNSPECIFIED, UNRECOGNIZED ->
                code == Status.Code.UNAUTHENTICATED || code == Status.Code.PERMISSION_DENIED
                        ? ExitCode.NOT_AUTHORISED
                        : ExitCode.FAILED;
        };
    }

    private static @Nullable String fix(ErrorReason reason, Status.Code code, Map<String, String> metadata) {
        return switch (reason) {
            case ERROR_REASON_INVALID_FIELD -> "correct " + metadata.getOrDefault("field", "the field");
            case ERROR_REASON_JOB_NOT_FOUND -> "see what there is with: kelpie get jobs -A";
            case ERROR_REASON_VM_NOT_FOUND -> "see what there is with: kelpie get vms -A";
            case ERROR_REASON_HOST_NOT_FOUND -> "see what there is with: kelpie get hosts";
            case ERROR_REASON_VERSION_CONFLICT ->
                "somebody has changed it meanwhile: look at it with 'kelpie get jobs -o yaml' and apply again";
            case ERROR_REASON_STORE_UNAVAILABLE -> "see the store's state with: kelpie cluster status; then try again";
            case ERROR_REASON_OVERLOADED -> "try again in some seconds";
            case ERROR_REASON_WRONG_STATE -> "see its state with: kelpie get vms";
            case ERROR_REASON_INTERNAL ->
                "report it with the controller's log around id " + metadata.getOrDefault("id", "(none)");
            case ERROR_REASON_VM_BELONGS_TO_JOB -> vmBelongsToJob(metadata.getOrDefault("job", "JOB"));
            case ERROR_REASON_HOST_UNREACHABLE ->
                "see why with: kelpie describe host " + metadata.getOrDefault("host", "HOST");
            case ERROR_REASON_NO_INSTANCE -> "see the VM's state with: kelpie get vms";
            case ERROR_REASON_REQUEST_ID_REUSED -> "give the command again";
            case ERROR_REASON_NOT_LEADER, ERROR_REASON_OUTCOME_UNKNOWN -> "see: kelpie cluster status";
            case ERROR_REASON_WRONG_CLUSTER, ERROR_REASON_HOST_ID_IN_USE -> "see: kelpie get hosts";
            case ERROR_REASON_READ_ONLY -> "see: kelpie cluster status; restore a backup, or accept the store";
            case ERROR_REASON_HOST_ALIVE, ERROR_REASON_FENCE_FAILED -> "see: kelpie describe host";
            case ERROR_REASON_UNSPECIFIED, UNRECOGNIZED -> fixByCode(code);
        };
    }

    private static String vmBelongsToJob(String job) {
        return "remove the highest ordinals with: kelpie scale job " + job
                + " N; or the whole job with: kelpie delete job " + job;
    }

    private static @Nullable String fixByCode(Status.Code code) {
        return switch (code) {
            case UNIMPLEMENTED -> "use a kelpie of the controller's version: kelpie cluster status shows it";
            case UNAUTHENTICATED, PERMISSION_DENIED -> "ask an administrator of the cluster for the right to do it";
            case RESOURCE_EXHAUSTED -> "try again in some seconds, or ask for less at once";
            case OK,
                    CANCELLED,
                    UNKNOWN,
                    INVALID_ARGUMENT,
                    DEADLINE_EXCEEDED,
                    NOT_FOUND,
                    ALREADY_EXISTS,
                    FAILED_PRECONDITION,
                    ABORTED,
                    OUT_OF_RANGE,
                    INTERNAL,
                    UNAVAILABLE,
                    DATA_LOSS -> "see the controller's log; kelpie cluster status shows which one leads";
        };
    }
}
