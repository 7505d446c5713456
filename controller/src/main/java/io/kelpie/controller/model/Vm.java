package io.kelpie.controller.model;

import java.util.Optional;
import java.util.UUID;

/**
 * One replica of a job, as far as reconciliation looks at it.
 *
 * @param vmId its UUID
 * @param jobUid its job's UUID
 * @param ordinal its number within the job, from 0
 * @param state lifecycle state
 * @param incarnation the present instance, or the next one while there is none and one is wanted
 * @param hostId host of the present instance
 * @param storageHostId host that holds the VM's files
 * @param restartSerial the job's restart serial that the present instance satisfies
 * @param deleteDisks whether kept disks go with the files when the VM is deleted
 */
public record Vm(
        UUID vmId,
        UUID jobUid,
        int ordinal,
        VmState state,
        long incarnation,
        Optional<String> hostId,
        Optional<String> storageHostId,
        long restartSerial,
        boolean deleteDisks) {}
