package io.kelpie.controller.backup;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import io.kelpie.common.id.Uuids;
import io.kelpie.controller.model.ControllerSet;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.store.ControllerSetRecords;
import io.kelpie.controller.store.RecordKey;
import io.kelpie.proto.v1.CapabilitiesRecord;
import io.kelpie.proto.v1.ClusterRecord;
import io.kelpie.proto.v1.ConfigRecord;
import io.kelpie.proto.v1.HostRecord;
import io.kelpie.proto.v1.JobRecord;
import io.kelpie.proto.v1.RequestRecord;
import io.kelpie.proto.v1.VmRecord;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads a whole backup and finds out whether a leader could go on with its records. Used once, before anything of it is
 * written.
 */
public final class BackupCheck {
    private static final int FORMAT = 1;

    /**
     * A backup that can be restored.
     *
     * @param cluster the cluster's record
     * @param controllers the set of controllers; empty if the backup has none
     * @param records how many records it has
     * @param sha256 of its content
     */
    public record Sound(
            BackupHeader header,
            ClusterRecord cluster,
            Optional<ControllerSet> controllers,
            long records,
            byte[] sha256) {}

    private record VmAt(long offset, JobKey job, String jobUid, int ordinal) {}

    private final Map<JobKey, String> jobUids = new HashMap<>();
    private final Map<RecordKey, VmAt> vms = new HashMap<>();
    private final Set<RecordKey> keys = new HashSet<>();
    private final Map<String, String> hostNames = new HashMap<>();
    private @Nullable ClusterRecord cluster;
    private @Nullable ControllerSet controllers;

    private BackupCheck() {}

    /** Checks the whole file. */
    public static Sound check(Path file) throws IOException, DamagedBackupException {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
            return new BackupCheck().check(new BackupReader(in));
        }
    }

    private Sound check(BackupReader reader) throws IOException, DamagedBackupException {
        for (Optional<BackupRecord> next = reader.next(); next.isPresent(); next = reader.next()) {
            check(next.get(), reader);
        }
        Set<String> ordinals = new HashSet<>();
        for (VmAt vm : vms.values()) {
            if (!vm.jobUid().equals(jobUids.get(vm.job()))) {
                throw new DamagedBackupException(vm.offset(), "the VM's job " + vm.job() + " is not in the backup");
            }
            if (!ordinals.add(vm.job() + "/" + vm.ordinal())) {
                throw new DamagedBackupException(
                        vm.offset(), "job " + vm.job() + " has two VMs of the number " + vm.ordinal());
            }
        }
        if (cluster == null) {
            throw new DamagedBackupException(0, "the backup has no record of its cluster");
        }
        return new Sound(reader.header(), cluster, Optional.ofNullable(controllers), reader.count(), reader.digest());
    }

    private void check(BackupRecord record, BackupReader reader) throws DamagedBackupException {
        long at = reader.recordOffset();
        RecordKey key = record.key();
        if (!keys.add(key)) {
            throw new DamagedBackupException(at, "the record is there twice: " + BackupFormat.name(key));
        }
        if (key instanceof RecordKey.ClusterKey) {
            cluster = parse(ClusterRecord.parser(), record, at);
            same(cluster.getClusterUuid(), reader.header().cluster().toString(), at);
            format(cluster.getFormat(), at);
        } else if (key instanceof RecordKey.ControllerSetKey) {
            try {
                controllers = ControllerSetRecords.parse(record.value().toByteArray());
            } catch (InvalidProtocolBufferException unreadable) {
                throw new DamagedBackupException(at, "the record of the controllers cannot be read");
            }
        } else if (key instanceof RecordKey.ConfigKey) {
            format(parse(ConfigRecord.parser(), record, at).getFormat(), at);
        } else if (key instanceof RecordKey.HostKey host) {
            HostRecord parsed = parse(HostRecord.parser(), record, at);
            same(parsed.getHostId(), host.hostId(), at);
            format(parsed.getFormat(), at);
            if (hostNames.put(parsed.getName(), parsed.getHostId()) != null) {
                throw new DamagedBackupException(at, "two hosts have the same name");
            }
        } else if (key instanceof RecordKey.CapabilitiesKey) {
            format(parse(CapabilitiesRecord.parser(), record, at).getFormat(), at);
        } else if (key instanceof RecordKey.JobRecordKey job) {
            JobRecord parsed = parse(JobRecord.parser(), record, at);
            same(parsed.getSpec().getNamespace(), job.job().namespace(), at);
            same(parsed.getSpec().getName(), job.job().name(), at);
            uuid(parsed.getJobUid(), at);
            format(parsed.getFormat(), at);
            jobUids.put(job.job(), parsed.getJobUid());
        } else if (key instanceof RecordKey.VmKey vm) {
            VmRecord parsed = parse(VmRecord.parser(), record, at);
            same(parsed.getVmId(), vm.vmId().toString(), at);
            uuid(parsed.getJobUid(), at);
            format(parsed.getFormat(), at);
            state(parsed, at);
            vms.put(
                    key,
                    new VmAt(
                            at,
                            new JobKey(parsed.getNamespace(), parsed.getJob()),
                            parsed.getJobUid(),
                            parsed.getOrdinal()));
        } else if (key instanceof RecordKey.RequestKey) {
            format(parse(RequestRecord.parser(), record, at).getFormat(), at);
        }
    }

    private static void state(VmRecord vm, long at) throws DamagedBackupException {
        switch (vm.getState()) {
            case VM_STATE_UNSPECIFIED, UNRECOGNIZED ->
                throw new DamagedBackupException(at, "the VM has no state that this controller knows");
            case VM_STATE_PENDING,
                    VM_STATE_PLACED,
                    VM_STATE_STARTING,
                    VM_STATE_RUNNING,
                    VM_STATE_MIGRATING,
                    VM_STATE_STOPPING,
                    VM_STATE_EVICTING,
                    VM_STATE_DELETING,
                    VM_STATE_STOPPED,
                    VM_STATE_FAILED,
                    VM_STATE_DELETED -> {}
        }
    }

    private static <T extends Message> T parse(Parser<T> parser, BackupRecord record, long at)
            throws DamagedBackupException {
        try {
            return parser.parseFrom(record.value());
        } catch (InvalidProtocolBufferException unreadable) {
            throw new DamagedBackupException(at, "the record " + BackupFormat.name(record.key()) + " cannot be read");
        }
    }

    private static void format(int format, long at) throws DamagedBackupException {
        if (format != FORMAT) {
            throw new DamagedBackupException(
                    at, "the record has format " + format + ", this controller knows " + FORMAT);
        }
    }

    private static void same(String inRecord, String inName, long at) throws DamagedBackupException {
        if (!inRecord.equals(inName)) {
            throw new DamagedBackupException(at, "the record's name is not what the record says");
        }
    }

    private static void uuid(String text, long at) throws DamagedBackupException {
        if (Uuids.parse(text).isEmpty()) {
            throw new DamagedBackupException(at, "a UUID of the record is none");
        }
    }
}
