package io.kelpie.controller.backup;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.store.RecordKey;
import io.kelpie.proto.v1.ClusterRecord;
import io.kelpie.proto.v1.ControllerMember;
import io.kelpie.proto.v1.ControllerSet;
import io.kelpie.proto.v1.ControllerSetRecord;
import io.kelpie.proto.v1.Fencing;
import io.kelpie.proto.v1.HostRecord;
import io.kelpie.proto.v1.JobRecord;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.VmRecord;
import io.kelpie.proto.v1.VmState;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** A small backup, record by record. */
final class TestBackup {
    static final UUID CLUSTER = UUID.fromString("00000000-0000-4000-8000-00000000000a");
    static final UUID JOB_UID = UUID.fromString("00000000-0000-4000-8000-0000000000b0");
    static final JobKey JOB = new JobKey("default", "web");

    final List<BackupRecord> records = new ArrayList<>();
    long epoch = 7;
    UUID cluster = CLUSTER;

    static TestBackup small() {
        TestBackup backup = new TestBackup();
        backup.add(
                new RecordKey.ClusterKey(),
                ClusterRecord.newBuilder()
                        .setFormat(1)
                        .setClusterUuid(CLUSTER.toString())
                        .setCreatedAtMillis(1)
                        .build());
        backup.add(
                new RecordKey.ControllerSetKey(),
                ControllerSetRecord.newBuilder()
                        .setFormat(1)
                        .setSet(ControllerSet.newBuilder()
                                .setVersion(4)
                                .addMembers(ControllerMember.newBuilder()
                                        .setControllerId("c1")
                                        .setAddress("c1:7400")
                                        .setMayLead(true)))
                        .build());
        backup.add(host("h1"));
        backup.add(
                new RecordKey.JobRecordKey(JOB),
                JobRecord.newBuilder()
                        .setFormat(1)
                        .setJobUid(JOB_UID.toString())
                        .setVersion(1)
                        .setSpec(JobSpec.newBuilder()
                                .setName("web")
                                .setNamespace("default")
                                .setReplicas(2))
                        .build());
        backup.add(vm(0));
        backup.add(vm(1));
        return backup;
    }

    static UUID vmId(int ordinal) {
        return new UUID(0x4000L, 0x8000000000000000L + ordinal);
    }

    static BackupRecord vm(int ordinal) {
        return record(
                new RecordKey.VmKey(vmId(ordinal)),
                VmRecord.newBuilder()
                        .setFormat(1)
                        .setVmId(vmId(ordinal).toString())
                        .setJobUid(JOB_UID.toString())
                        .setNamespace("default")
                        .setJob("web")
                        .setOrdinal(ordinal)
                        .setState(VmState.VM_STATE_RUNNING)
                        .setIncarnation(3)
                        .setHostId("h1")
                        .build());
    }

    static BackupRecord host(String id) {
        return record(
                new RecordKey.HostKey(id),
                HostRecord.newBuilder()
                        .setFormat(1)
                        .setHostId(id)
                        .setName(id)
                        .setFencing(Fencing.newBuilder().setCause(Fencing.Cause.CAUSE_CONFIRMED_DEAD))
                        .build());
    }

    static BackupRecord record(RecordKey key, Message value) {
        return new BackupRecord(key, value.toByteString());
    }

    TestBackup add(RecordKey key, Message value) {
        return add(record(key, value));
    }

    TestBackup add(BackupRecord record) {
        records.add(record);
        return this;
    }

    TestBackup replace(BackupRecord record) {
        records.removeIf(other -> other.key().equals(record.key()));
        return add(record);
    }

    TestBackup without(RecordKey key) {
        records.removeIf(other -> other.key().equals(key));
        return this;
    }

    static ByteString value(Message message) {
        return message.toByteString();
    }

    byte[] bytes() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            BackupWriter writer = new BackupWriter(out, new BackupHeader(cluster, epoch, 1_000));
            for (BackupRecord record : records) {
                writer.write(record);
            }
            writer.end();
        } catch (IOException impossible) {
            throw new AssertionError(impossible);
        }
        return out.toByteArray();
    }
}
