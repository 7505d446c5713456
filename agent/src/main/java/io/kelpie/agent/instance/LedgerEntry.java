package io.kelpie.agent.instance;

import io.kelpie.agent.driver.Accelerator;
import io.kelpie.agent.driver.DriverHandle;
import io.kelpie.agent.driver.InstanceId;
import java.util.Optional;

/**
 * What the ledger says of one instance.
 *
 * @param id the instance
 * @param vmName the VM's name
 * @param workload what it belongs to and takes
 * @param leased whether it runs by the host's lease; fixed when its start is accepted
 * @param specVersion version of the job's spec that it runs
 * @param sequence highest sequence of a command for it
 * @param createdAtMillis when its start was accepted, by the host's wall clock
 * @param phase how far it got
 * @param launch who runs it and by what name; on disk before any process exists
 * @param keptDisks whether this host held kept disks of the VM when the entry was written
 * @param stop the order to end it, if there was one
 * @param end how it ended; there is one exactly if the phase is EXITED or REJECTED
 */
public record LedgerEntry(
        InstanceId id,
        String vmName,
        Workload workload,
        boolean leased,
        long specVersion,
        long sequence,
        long createdAtMillis,
        Phase phase,
        Optional<Launch> launch,
        boolean keptDisks,
        Optional<StopOrder> stop,
        Optional<InstanceEnd> end) {
    /** How far an instance got. */
    public enum Phase {
        /** Its start is accepted; its hypervisor may exist if there is a {@link Launch}. */
        INTENT,
        /** Its guest has run. */
        STARTED,
        /** It has ended. */
        EXITED,
        /** It could not be started for a reason found before the hypervisor ran. */
        REJECTED;

        /** No process exists, and none will. */
        public boolean ended() {
            return this == EXITED || this == REJECTED;
        }
    }

    /** Who runs an instance, by what name, and on what; the accelerator of one whose entry was lost is not known. */
    public record Launch(DriverHandle handle, Optional<Accelerator> accelerator) {}

    public LedgerEntry {
        if (phase.ended() != end.isPresent()) {
            throw new IllegalArgumentException("phase " + phase + " with end " + end);
        }
    }

    /** The entry of a start that was just accepted, of an instance that is not leased. */
    public static LedgerEntry intent(
            InstanceId id, String vmName, long specVersion, long sequence, long createdAtMillis) {
        return new LedgerEntry(
                id,
                vmName,
                Workload.UNKNOWN,
                false,
                specVersion,
                sequence,
                createdAtMillis,
                Phase.INTENT,
                Optional.empty(),
                false,
                Optional.empty(),
                Optional.empty());
    }

    LedgerEntry withWorkload(Workload of, boolean byLease) {
        return new LedgerEntry(
                id, vmName, of, byLease, specVersion, sequence, createdAtMillis, phase, launch, keptDisks, stop, end);
    }

    LedgerEntry withLaunch(Launch newLaunch) {
        return with(sequence, phase, Optional.of(newLaunch), keptDisks, stop, end);
    }

    LedgerEntry withKeptDisks(boolean kept) {
        return with(sequence, phase, launch, kept, stop, end);
    }

    LedgerEntry withStop(StopOrder order, long commandSequence) {
        return with(Math.max(sequence, commandSequence), phase, launch, keptDisks, Optional.of(order), end);
    }

    LedgerEntry started() {
        return with(sequence, Phase.STARTED, launch, keptDisks, stop, end);
    }

    LedgerEntry exited(InstanceEnd how) {
        return with(sequence, Phase.EXITED, launch, keptDisks, stop, Optional.of(how));
    }

    LedgerEntry rejected(InstanceEnd why) {
        return with(sequence, Phase.REJECTED, launch, keptDisks, stop, Optional.of(why));
    }

    private LedgerEntry with(
            long newSequence,
            Phase newPhase,
            Optional<Launch> newLaunch,
            boolean newKeptDisks,
            Optional<StopOrder> newStop,
            Optional<InstanceEnd> newEnd) {
        return new LedgerEntry(
                id,
                vmName,
                workload,
                leased,
                specVersion,
                newSequence,
                createdAtMillis,
                newPhase,
                newLaunch,
                newKeptDisks,
                newStop,
                newEnd);
    }
}
