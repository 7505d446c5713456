package io.kelpie.controller.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.store.RecordKey;
import io.kelpie.proto.v1.ConfigRecord;
import io.kelpie.proto.v1.HostRecord;
import io.kelpie.proto.v1.VmRecord;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BackupFileTest {
    @TempDir
    private Path folder;

    private BackupCheck.Sound check(byte[] bytes) throws IOException, DamagedBackupException {
        Path file = folder.resolve("backup");
        Files.write(file, bytes);
        return BackupCheck.check(file);
    }

    private DamagedBackupException damaged(byte[] bytes) {
        DamagedBackupException damaged = catchThrowableOfType(DamagedBackupException.class, () -> check(bytes));
        assertThat(damaged).as("a refusal").isNotNull();
        assertThat(damaged.offset()).isBetween(0L, (long) bytes.length + 1);
        assertThat(damaged).hasMessageStartingWith("byte " + damaged.offset() + ": ");
        return damaged;
    }

    @Test
    void whatIsWrittenIsReadBack() throws Exception {
        TestBackup backup = TestBackup.small();
        BackupCheck.Sound sound = check(backup.bytes());
        assertThat(sound.header()).isEqualTo(new BackupHeader(TestBackup.CLUSTER, 7, 1_000));
        assertThat(sound.records()).isEqualTo(6);
        assertThat(sound.controllers().orElseThrow().version()).isEqualTo(4);

        BackupReader reader = new BackupReader(new ByteArrayInputStream(backup.bytes()));
        List<BackupRecord> read = new ArrayList<>();
        for (Optional<BackupRecord> next = reader.next(); next.isPresent(); next = reader.next()) {
            read.add(next.get());
        }
        assertThat(read).isEqualTo(backup.records);
    }

    @Test
    void theFileSaysWhatItIs() {
        String text = new String(TestBackup.small().bytes(), StandardCharsets.ISO_8859_1);
        assertThat(text)
                .startsWith("kelpie-backup 1\ncluster " + TestBackup.CLUSTER + "\nepoch 7\nmade-at 1000\ncrc32 ")
                .containsPattern("\0\0\0\0end 6 sha256 [0-9a-f]{64}\n$")
                .contains("hosts/h1")
                .contains("jobs/default/web");
    }

    @Test
    void everyKindOfRecordHasAName() {
        for (RecordKey key : List.of(
                new RecordKey.ClusterKey(),
                new RecordKey.ControllerSetKey(),
                new RecordKey.ConfigKey(),
                new RecordKey.HostKey("h-1"),
                new RecordKey.CapabilitiesKey("h-1"),
                new RecordKey.JobRecordKey(new JobKey("ns", "job")),
                new RecordKey.VmKey(UUID.randomUUID()),
                new RecordKey.RequestKey(UUID.randomUUID()))) {
            assertThat(BackupFormat.key(BackupFormat.name(key))).contains(key);
        }
        for (String name : List.of(
                "",
                "hosts",
                "hosts/",
                "hosts/a/b",
                "hosts/..",
                "hosts/.",
                "jobs/a",
                "jobs/../x",
                "jobs/a/b/c",
                "vms/1",
                "term",
                "restore",
                "cluster/x",
                "requests/" + UUID.randomUUID() + "/x")) {
            assertThat(BackupFormat.key(name)).as(name).isEmpty();
        }
    }

    @Test
    void aFileThatIsCutOffAnywhereIsRefused() {
        byte[] whole = TestBackup.small().bytes();
        for (int length = 0; length < whole.length; length++) {
            damaged(Arrays.copyOf(whole, length));
        }
    }

    @Test
    void aFlippedBitAnywhereIsRefused() {
        byte[] whole = TestBackup.small().bytes();
        Random random = new Random(1);
        for (int i = 0; i < whole.length; i++) {
            byte[] flipped = whole.clone();
            flipped[i] ^= (byte) (1 << random.nextInt(8));
            damaged(flipped);
        }
    }

    @Test
    void whatFollowsTheEndIsRefused() {
        byte[] whole = TestBackup.small().bytes();
        byte[] longer = Arrays.copyOf(whole, whole.length + 1);
        assertThat(damaged(longer)).hasMessageContaining("follows the last line");
    }

    @Test
    void otherFilesAreRefusedAtOnce() throws Exception {
        assertThat(damaged("PK\3\4".getBytes(StandardCharsets.ISO_8859_1)))
                .hasMessageContaining("does not begin as a backup");
        assertThat(damaged(new byte[0])).hasMessageContaining("does not begin as a backup");
        assertThat(damaged("kelpie-backup 2\n".getBytes(StandardCharsets.ISO_8859_1)))
                .hasMessageContaining("does not begin as a backup");
        // a header without an end must not be read into memory
        byte[] endless = new byte[10_000_000];
        Arrays.fill(endless, (byte) 'x');
        System.arraycopy(BackupFormat.MAGIC.getBytes(StandardCharsets.US_ASCII), 0, endless, 0, 16);
        assertThat(damaged(endless)).hasMessageContaining("too long");
    }

    @Test
    void aRecordOfAnAbsurdLengthIsRefusedUnread() throws Exception {
        byte[] whole = TestBackup.small().bytes();
        int begin = new String(whole, StandardCharsets.ISO_8859_1).indexOf('\n', 90) + 1;
        for (int length : new int[] {1, -1, Integer.MAX_VALUE, Integer.MIN_VALUE, 1 << 24}) {
            byte[] absurd = whole.clone();
            int at = headerLength(whole);
            ByteBuffer.wrap(absurd).putInt(at, length);
            assertThat(damaged(absurd).offset()).isEqualTo(at);
        }
        assertThat(begin).isPositive();
    }

    private static int headerLength(byte[] whole) {
        int lines = 0;
        for (int i = 0; i < whole.length; i++) {
            if (whole[i] == '\n' && ++lines == 5) {
                return i + 1;
            }
        }
        throw new AssertionError("no header");
    }

    @Test
    void recordsThatALeaderCouldNotGoOnWithAreRefused() {
        assertThat(damaged(TestBackup.small().add(TestBackup.host("h1")).bytes()))
                .hasMessageContaining("twice");
        assertThat(damaged(TestBackup.small()
                        .without(new RecordKey.JobRecordKey(TestBackup.JOB))
                        .bytes()))
                .hasMessageContaining("job default/web is not in the backup");
        assertThat(damaged(
                        TestBackup.small().without(new RecordKey.ClusterKey()).bytes()))
                .hasMessageContaining("no record of its cluster");
        assertThat(damaged(TestBackup.small()
                        .add(new BackupRecord(new RecordKey.ConfigKey(), ByteString.copyFromUtf8("\1junk")))
                        .bytes()))
                .hasMessageContaining("config cannot be read");
        assertThat(damaged(TestBackup.small()
                        .add(
                                new RecordKey.ConfigKey(),
                                ConfigRecord.newBuilder().setFormat(2).build())
                        .bytes()))
                .hasMessageContaining("format 2");
        assertThat(damaged(TestBackup.small()
                        .add(
                                new RecordKey.HostKey("h2"),
                                HostRecord.newBuilder()
                                        .setFormat(1)
                                        .setHostId("h3")
                                        .build())
                        .bytes()))
                .hasMessageContaining("not what the record says");
        assertThat(damaged(TestBackup.small()
                        .replace(TestBackup.record(
                                new RecordKey.VmKey(TestBackup.vmId(1)),
                                VmRecord.newBuilder()
                                        .setFormat(1)
                                        .setVmId(TestBackup.vmId(1).toString())
                                        .setJobUid(TestBackup.JOB_UID.toString())
                                        .setNamespace("default")
                                        .setJob("web")
                                        .build()))
                        .bytes()))
                .hasMessageContaining("no state");
        TestBackup other = TestBackup.small();
        other.cluster = UUID.randomUUID();
        assertThat(damaged(other.bytes())).hasMessageContaining("not what the record says");
    }

    @Test
    void aWrongCountOfRecordsIsRefused() throws Exception {
        byte[] whole = TestBackup.small().bytes();
        String text = new String(whole, StandardCharsets.ISO_8859_1).replace("end 6 ", "end 5 ");
        assertThat(damaged(text.getBytes(StandardCharsets.ISO_8859_1))).hasMessageContaining("6 records");
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        new BackupWriter(out, new BackupHeader(TestBackup.CLUSTER, 1, 1)).end();
        assertThat(damaged(out.toByteArray())).hasMessageContaining("no record of its cluster");
    }
}
