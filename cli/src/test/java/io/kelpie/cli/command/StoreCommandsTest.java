package io.kelpie.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.kelpie.cli.testing.FakeCluster;
import io.kelpie.cli.testing.FakeController;
import io.kelpie.cli.testing.Kelpie;
import io.kelpie.cli.testing.Samples;
import io.kelpie.common.error.GrpcErrors;
import io.kelpie.common.error.KelpieException;
import io.kelpie.proto.v1.BackupClusterResponse;
import io.kelpie.proto.v1.ErrorReason;
import io.kelpie.proto.v1.InstancePhase;
import io.kelpie.proto.v1.InstanceReport;
import io.kelpie.proto.v1.Orphan;
import io.kelpie.proto.v1.OrphanAction;
import io.kelpie.proto.v1.ReadVmLogResponse;
import io.kelpie.proto.v1.ResolveOrphanRequest;
import io.kelpie.proto.v1.RestoreClusterRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoreCommandsTest {
    private static final String UUID = "11111111-2222-3333-4444-555555555555";
    private static final String BACKUP = "kelpie-backup 1\ncluster " + UUID
            + "\nepoch 7\nmade-at 1767225600000\ncrc32 00000000\n…\0\0\0\0" + "end 3 sha256 " + "a".repeat(64) + "\n";

    @TempDir
    private Path folder;

    private final FakeCluster cluster = new FakeCluster();
    private final FakeController one = new FakeController(cluster, "c1");
    private final FakeController two = new FakeController(cluster, "c2");
    private final Kelpie kelpie = new Kelpie();

    @AfterEach
    void close() {
        one.close();
        two.close();
    }

    private static BackupClusterResponse piece(String text) {
        return BackupClusterResponse.newBuilder()
                .setData(ByteString.copyFromUtf8(text))
                .build();
    }

    private List<Path> files() throws IOException {
        try (var files = Files.list(folder)) {
            return files.toList();
        }
    }

    @Test
    void aBackupBecomesAFileOfItsOwn() throws IOException {
        Path file = folder.resolve("b");
        cluster.backup = observer -> {
            observer.onNext(piece(BACKUP.substring(0, 40)));
            observer.onNext(piece(BACKUP.substring(40)));
            observer.onCompleted();
        };
        Kelpie.Result result = kelpie.at(one).run("cluster", "backup", "-o", file.toString());
        assertThat(result.err()).isEmpty();
        assertThat(result.out()).startsWith(file + ": 3 records, ");
        assertThat(file).hasContent(BACKUP);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        assertThat(files()).containsExactly(file);

        Kelpie.Result again = kelpie.at(one).run("cluster", "backup", "-o", file.toString());
        assertThat(again.exitCode()).isEqualTo(2);
        assertThat(again.err()).contains("never replaces a file");
    }

    @Test
    void aBackupThatIsCutOffLeavesNoFile() throws IOException {
        Path file = folder.resolve("b");
        cluster.backup = observer -> {
            observer.onNext(piece(BACKUP.substring(0, 40)));
            observer.onError(Status.UNAVAILABLE.withDescription("gone").asRuntimeException());
        };
        Kelpie.Result cut = kelpie.at(one).run("cluster", "backup", "-o", file.toString());
        assertThat(cut.exitCode()).isEqualTo(1);
        assertThat(cut.err()).contains("cut off: gone").contains("no file was written");
        cluster.backup = observer -> {
            observer.onNext(piece(BACKUP.substring(0, 40)));
            observer.onCompleted();
        };
        assertThat(kelpie.at(one)
                        .run("cluster", "backup", "-o", file.toString())
                        .err())
                .contains("its last line is missing");
        assertThat(files()).isEmpty();
        assertThat(kelpie.at(one)
                        .run("cluster", "backup", "-o", folder.resolve("no/b").toString())
                        .err())
                .contains("could not be written: NoSuchFile");
    }

    @Test
    void aRestoreSendsTheWholeFileAndSaysWhatFollows() throws IOException {
        Path file = folder.resolve("b");
        Files.writeString(file, BACKUP + "x".repeat(3_000_000));
        Kelpie.Result asked = kelpie.at(one).run("cluster", "restore", file.toString());
        assertThat(asked.exitCode()).isEqualTo(2);
        assertThat(asked.err()).contains("epoch 7").contains("--yes");

        Kelpie.Result result = kelpie.at(one).run("cluster", "restore", file.toString(), "--yes");
        assertThat(result.err()).contains("before anything is placed");
        assertThat(result.out())
                .isEqualTo("restored 3 records of cluster " + UUID + ", terms go on above epoch 1007\n");
        ByteString sent = ByteString.copyFrom(
                cluster.restored.stream().map(RestoreClusterRequest::getData).toList());
        assertThat(sent.toByteArray()).isEqualTo(Files.readAllBytes(file));
        assertThat(cluster.restored)
                .extracting(RestoreClusterRequest::getRequestId)
                .doesNotContain("");
    }

    @Test
    void aRestoreThatIsRefusedSaysWhy() throws IOException {
        Path file = folder.resolve("b");
        Files.writeString(file, BACKUP);
        cluster.restoreRefusal = new KelpieException(
                ErrorReason.ERROR_REASON_INVALID_FIELD,
                "the backup is damaged at byte 17: x; nothing was written",
                "take another backup");
        Kelpie.Result result = kelpie.at(one).run("cluster", "restore", file.toString(), "--yes");
        assertThat(result.err()).isEqualTo("""
                error: cannot restore the cluster: the backup is damaged at byte 17: x; nothing was written
                fix: take another backup
                """);
        Files.writeString(file, "no backup");
        assertThat(kelpie.at(one)
                        .run("cluster", "restore", file.toString(), "--yes")
                        .err())
                .contains("is no backup of Kelpie");
        assertThat(kelpie.at(one).run("cluster", "restore", "/nowhere", "--yes").err())
                .contains("there is no such file");
    }

    @Test
    void everyControllerIsToldThatItsStoreIsAccepted() {
        two.acceptNothing();
        Kelpie.Result result = kelpie.at(one, two).run("cluster", "accept-store", "--yes");
        assertThat(result.exitCode()).isZero();
        assertThat(result.out()).startsWith(one.address() + ": accepted the store of cluster " + UUID);
        assertThat(result.err()).contains(two.address() + ": ").contains("already trusts");
        one.acceptNothing();
        assertThat(kelpie.at(one, two).run("cluster", "accept-store", "--yes").exitCode())
                .isEqualTo(1);
        assertThat(kelpie.at(one).run("cluster", "accept-store").err()).contains("--yes");
    }

    @Test
    void orphansAreListedAndResolved() {
        cluster.orphans.add(Orphan.newBuilder()
                .setHostName("h1")
                .setReason("no VM has this id")
                .setInstance(InstanceReport.newBuilder()
                        .setVmId(UUID)
                        .setIncarnation(4)
                        .setNamespace("shop")
                        .setVmName("web-0")
                        .setPhase(InstancePhase.INSTANCE_PHASE_RUNNING))
                .build());
        Kelpie.Result listed = kelpie.at(one).run("get", "orphans");
        assertThat(listed.out()).isEqualTo("""
                HOST   VM-ID                                  INCARNATION   NAME         PHASE     REASON
                h1     11111111-2222-3333-4444-555555555555   4             shop/web-0   running   no VM has this id
                """);
        assertThat(kelpie.at(one).run("get", "orphans", "-o", "json").out()).contains("\"incarnation\"");
        assertThat(kelpie.at(one).run("get", "orphans", "-o", "name").out()).isEqualTo("orphan/h1/" + UUID + "/4\n");

        assertThat(kelpie.at(one).run("orphans", "kill", "h1", UUID, "4").exitCode())
                .isEqualTo(2);
        assertThat(kelpie.at(one)
                        .run("orphans", "kill", "host/h1", UUID, "4", "--yes")
                        .out())
                .contains("is being killed");
        assertThat(kelpie.at(one).run("orphans", "adopt", "h1", UUID, "4").out())
                .contains("adopted");
        assertThat(cluster.requests.stream()
                        .filter(ResolveOrphanRequest.class::isInstance)
                        .map(ResolveOrphanRequest.class::cast)
                        .map(ResolveOrphanRequest::getAction))
                .containsExactly(OrphanAction.ORPHAN_ACTION_KILL, OrphanAction.ORPHAN_ACTION_ADOPT);
        assertThat(kelpie.at(one).run("orphans").err()).contains("kelpie get orphans");
    }

    @Test
    void anAnswerThatMayBeOldIsTakenOnlyIfNobodyKnowsBetter() {
        cluster.hosts.put("h1", Samples.host("h1"));
        one.stale(1_767_225_540_000L, "the store does not answer");
        two.standBy(null);
        Kelpie.Result alone = kelpie.at(one, two).run("get", "hosts", "-o", "json");
        assertThat(alone.exitCode()).isZero();
        assertThat(alone.err())
                .isEqualTo("stale: as of 2025-12-31T23:59:00Z, because the store does not answer (controller "
                        + one.address() + ")\n");
        assertThat(alone.out()).contains("h1").doesNotContain("stale");

        two.lead();
        Kelpie.Result fresh = kelpie.at(one, two).run("get", "hosts");
        assertThat(fresh.err()).doesNotContain("stale");
    }

    @Test
    void readOnlyControllersAreNotAskedForLongButAnotherMayLead() {
        cluster.hosts.put("h1", Samples.host("h1"));
        one.readOnly("the store is empty");
        assertThat(kelpie.at(one, two).run("cordon", "h1").exitCode()).isZero();
        two.readOnly("the store is empty");
        Kelpie.Result refused = kelpie.at(one, two).run("cordon", "h1");
        assertThat(refused.exitCode()).isEqualTo(1);
        assertThat(refused.err()).contains("read-only: the store is empty").contains("fix: ");
    }

    @Test
    void aFollowedLogGoesOnWhereItWasCutOff() {
        AtomicInteger asked = new AtomicInteger();
        cluster.log = log -> {
            switch (asked.incrementAndGet()) {
                case 1 -> {
                    log.onNext(log("one\ntwo\nth"));
                    log.onError(Status.UNAVAILABLE.withDescription("gone").asRuntimeException());
                }
                case 2 ->
                    log.onError(GrpcErrors.toStatus(new KelpieException(
                            ErrorReason.ERROR_REASON_HOST_UNREACHABLE, "host h1 is not connected")));
                default -> {
                    log.onNext(log("one\ntwo\nthree\n"));
                    log.onCompleted();
                }
            }
        };
        Kelpie.Result result = kelpie.at(one).pauses(pause -> {}).run("logs", "-f", "web-0");
        assertThat(result.out()).isEqualTo("one\ntwo\nthree\n");
        assertThat(result.exitCode()).isZero();
        assertThat(result.err()).contains("the log was cut off; asking again");
    }

    private static ReadVmLogResponse log(String text) {
        return ReadVmLogResponse.newBuilder()
                .setData(ByteString.copyFromUtf8(text))
                .build();
    }
}
