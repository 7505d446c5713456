package io.kelpie.agent.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kelpie.agent.link.Transport;
import io.kelpie.proto.v1.OpenLog;
import io.kelpie.proto.v1.UploadLogRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogUploaderTest {
    private static final UUID VM = UUID.fromString("11111111-2222-8333-8444-555555555555");

    @TempDir
    Path folder;

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Call call = new Call();
    private LogUploader uploader;
    private Path log;

    /** The leader's side of one upload. */
    private static final class Call implements Transport.LogCall {
        final List<UploadLogRequest> messages = new CopyOnWriteArrayList<>();
        volatile boolean ready = true;
        volatile boolean complete;
        volatile Transport.@Nullable LogListener listener;

        Transport.LogCall begin(Transport.LogListener newListener) {
            listener = newListener;
            return this;
        }

        @Override
        public boolean isReady() {
            return ready;
        }

        @Override
        public void send(UploadLogRequest message) {
            messages.add(message);
        }

        @Override
        public void complete() {
            complete = true;
        }

        String text() {
            StringBuilder text = new StringBuilder();
            messages.forEach(message -> text.append(message.getData().toStringUtf8()));
            return text.toString();
        }

        Transport.LogListener listener() {
            Transport.LogListener begun = listener;
            if (begun == null) {
                throw new AssertionError("no upload has begun");
            }
            return begun;
        }
    }

    @BeforeEach
    void makeUploader() throws IOException {
        log = folder.resolve("vm/serial.log");
        Files.createDirectories(folder.resolve("vm"));
        uploader = new LogUploader(vm -> vm.equals(VM) ? log : folder.resolve("absent/serial.log"), threads);
    }

    @AfterEach
    void end() throws InterruptedException {
        threads.shutdownNow();
        assertThat(threads.awaitTermination(5, TimeUnit.SECONDS)).isTrue();
    }

    private static OpenLog.Builder request() {
        return OpenLog.newBuilder().setLogId("l1").setVmId(VM.toString());
    }

    private void open(OpenLog.Builder request) {
        uploader.open(request.build(), call::begin);
    }

    private void guestPrints(String text) throws IOException {
        Files.writeString(log, text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    @Test
    void aWholeLogIsUploaded() throws IOException {
        String text = "a line of the guest\n".repeat(5_000);
        guestPrints(text);
        open(request());
        await().until(() -> call.complete);
        assertThat(call.messages.get(0).getLogId()).isEqualTo("l1");
        assertThat(call.text()).isEqualTo(text);
        assertThat(call.messages)
                .allSatisfy(message -> assertThat(message.getData().size()).isLessThanOrEqualTo(32 * 1024));
    }

    @Test
    void onlyTheTailIsUploaded() throws IOException {
        guestPrints("one\ntwo\n");
        open(request().setTailBytes(4));
        await().until(() -> call.complete);
        assertThat(call.text()).isEqualTo("two\n");
    }

    @Test
    void aTailLongerThanTheLogIsTheLog() throws IOException {
        guestPrints("one\n");
        open(request().setTailBytes(-1L)); // 2^64 - 1
        await().until(() -> call.complete);
        assertThat(call.text()).isEqualTo("one\n");
    }

    @Test
    void whatTheGuestPrintsLaterFollows() throws IOException {
        open(request().setFollow(true));
        await().until(() -> !call.messages.isEmpty());
        guestPrints("one\n");
        await().until(() -> call.text().equals("one\n"));
        guestPrints("two\n");
        await().until(() -> call.text().equals("one\ntwo\n"));
        assertThat(call.complete).isFalse();
        call.listener().onEnded();
        await().until(() -> call.complete);
    }

    @Test
    void aLogThatIsReplacedIsFollowedInTheNewFile() throws IOException {
        guestPrints("one\n");
        open(request().setFollow(true));
        await().until(() -> call.text().equals("one\n"));
        Files.move(log, log.resolveSibling("serial.log.0"));
        guestPrints("two\n");
        await().until(() -> call.text().equals("one\ntwo\n"));
    }

    @Test
    void followingEndsWithTheVm() throws IOException {
        guestPrints("one\n");
        open(request().setFollow(true));
        await().until(() -> call.text().equals("one\n"));
        Files.delete(log);
        await().until(() -> call.complete);
        assertThat(call.messages).noneMatch(message -> !message.getError().isEmpty());
    }

    @Test
    void aSlowReaderIsWaitedFor() throws IOException {
        call.ready = false;
        guestPrints("one\n");
        open(request());
        await().during(Duration.ofMillis(300)).until(() -> call.text().isEmpty());
        call.ready = true;
        call.listener().onReady();
        await().until(() -> call.complete);
        assertThat(call.text()).isEqualTo("one\n");
    }

    @Test
    void anUnknownVmIsAnError() {
        open(request().setVmId(UUID.randomUUID().toString()));
        await().until(() -> call.complete);
        assertThat(call.messages)
                .last()
                .satisfies(message -> assertThat(message.getError()).contains("no instance"));
    }

    @Test
    void aNameThatIsNoIdIsAnError() {
        open(request().setVmId("../../etc/passwd"));
        await().until(() -> call.complete);
        assertThat(call.messages)
                .last()
                .satisfies(message -> assertThat(message.getError()).isNotEmpty());
    }

    @Test
    void aGuestThatHasPrintedNothingHasAnEmptyLog() {
        open(request());
        await().until(() -> call.complete);
        assertThat(call.text()).isEmpty();
        assertThat(call.messages).hasSize(1);
    }
}
