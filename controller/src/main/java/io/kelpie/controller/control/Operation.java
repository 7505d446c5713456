package io.kelpie.controller.control;

import com.google.protobuf.Message;

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
}
