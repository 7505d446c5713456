package io.kelpie.controller.trust;

import io.kelpie.common.error.KelpieException;
import io.kelpie.proto.v1.ErrorReason;
import java.util.Map;

/**
 * Why a controller writes nothing although a store answers. It lasts until an operator decides, or until the right store
 * is back.
 *
 * @param kind what is wrong with the store
 * @param reason one sentence for the operator
 * @param fix completes the sentence "Fix: …"
 */
public record ReadOnly(Kind kind, String reason, String fix) {
    /** What is wrong with a store. */
    public enum Kind {
        /** It holds no cluster, and this controller knows one. */
        EMPTY,
        /** It holds another cluster. */
        FOREIGN,
        /** Its epoch is below what this controller or a host has seen. */
        OLDER,
        /** A restore into it has not come to its end. */
        HALF_RESTORED,
        /** Its cluster has other lease times than this controller was configured with. */
        OTHER_LEASE_TIMES,
        /** A host that it knows says that it belongs to another cluster. */
        CONTRADICTED
    }

    /** The refusal of an operator's change. */
    public KelpieException refusal() {
        return new KelpieException(
                ErrorReason.ERROR_REASON_READ_ONLY,
                "this controller is read-only: " + reason,
                fix,
                Map.of("kind", kind.name()));
    }
}
