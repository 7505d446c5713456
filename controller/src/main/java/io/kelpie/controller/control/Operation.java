package io.kelpie.controller.control;

import com.google.protobuf.Message;
import io.kelpie.common.error.KelpieException;
import io.kelpie.proto.v1.ErrorReason;

/** An operator's change of the cluster; made by {@link JobOperations}, {@link VmOperations}, {@link HostOperations}. */
@FunctionalInterface
public interface Operation {
    /**
     * Applies the change to the leader's state. Runs on the control thread.
     *
     * @param cluster what may be changed
     * @param unit the last unit of the change; its writes and the record of the request are applied together
     * @return the response; sent once the unit is durable
     * @throws io.kelpie.common.error.KelpieException if the change is refused; nothing may have been changed then
     */
    Message apply(OperationContext cluster, Unit unit);

    /** Stands for a change that was found to be done: its request is answered from the record before this is applied. */
    static Operation answeredBefore() {
        return (cluster, unit) -> {
            throw new KelpieException(
                    ErrorReason.ERROR_REASON_OUTCOME_UNKNOWN,
                    "the request was done, and its answer has been forgotten meanwhile",
                    "look at what it was about");
        };
    }
}
