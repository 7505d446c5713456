package io.kelpie.agent.driver.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The client against a QEMU that the test plays. */
@Timeout(20)
class QmpClientTest {
    private static final Duration PATIENT = Duration.ofSeconds(10);
    private static final Duration SHORT = Duration.ofMillis(50);
    private static final String GREETING = "{\"QMP\": {\"version\": {}, \"capabilities\": [\"oob\"]}}";

    @TempDir
    private Path folder;

    private final List<QmpEvent> events = new CopyOnWriteArrayList<>();
    private final AtomicInteger closings = new AtomicInteger();
    private QmpReactor reactor;
    private ServerSocketChannel listening;
    private SocketChannel qemu;
    private BufferedReader commands;
    private QmpClient client;

    @BeforeEach
    void connect() throws IOException {
        reactor = new QmpReactor();
        Path socket = folder.resolve("qmp");
        listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        listening.bind(UnixDomainSocketAddress.of(socket));
        client = reactor.connect(socket, events::add, closings::incrementAndGet);
        qemu = listening.accept();
        commands = new BufferedReader(Channels.newReader(qemu, StandardCharsets.UTF_8));
    }

    @AfterEach
    void close() throws IOException {
        reactor.close();
        qemu.close();
        listening.close();
    }

    private void say(String line) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap((line + "\r\n").getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
            qemu.write(bytes);
        }
    }

    private void negotiate() throws IOException {
        say(GREETING);
        assertThat(commands.readLine()).isEqualTo("{\"execute\":\"qmp_capabilities\",\"id\":0}");
        say("{\"return\": {}, \"id\": 0}");
    }

    /** Sends a command on a thread of its own; its future fails with what {@code execute} throws. */
    private CompletableFuture<String> command(String command, Duration deadline) {
        CompletableFuture<String> answer = new CompletableFuture<>();
        Thread caller = new Thread(() -> {
            try {
                answer.complete(client.execute(command, deadline).toString());
            } catch (QmpException | InterruptedException e) {
                answer.completeExceptionally(e);
            }
        });
        caller.setDaemon(true);
        caller.start();
        return answer;
    }

    private QmpException.Kind failure(String command, Duration deadline) {
        QmpException failure = catchThrowableOfType(QmpException.class, () -> client.execute(command, deadline));
        assertThat(failure).isNotNull();
        return failure.kind();
    }

    @Test
    void answersAreMatchedById() throws Exception {
        negotiate();
        CompletableFuture<String> first = command("query-first", PATIENT);
        String firstLine = commands.readLine();
        CompletableFuture<String> second = command("query-second", PATIENT);
        String secondLine = commands.readLine();

        assertThat(firstLine).isEqualTo("{\"execute\":\"query-first\",\"id\":1}");
        assertThat(secondLine).isEqualTo("{\"execute\":\"query-second\",\"id\":2}");
        say("{\"return\": \"of second\", \"id\": 2}");
        assertThat(second.get()).isEqualTo("\"of second\"");
        assertThat(first).isNotDone();
        say("{\"return\": \"of first\", \"id\": 1}");
        assertThat(first.get()).isEqualTo("\"of first\"");
    }

    @Test
    void aCommandWaitsForTheGreeting() throws Exception {
        CompletableFuture<String> answer = command("query-status", PATIENT);

        negotiate();

        assertThat(commands.readLine()).contains("query-status");
        say("{\"return\": {}, \"id\": 1}");
        assertThat(answer.get()).isEqualTo("{}");
    }

    @Test
    void aQemuThatDoesNotGreetRunsIntoTheDeadlineAndMayStillComeToItself() throws Exception {
        assertThat(failure("query-status", SHORT)).isEqualTo(QmpException.Kind.TIMED_OUT);
        assertThat(client.isOpen()).isTrue();

        negotiate();
        assertThat(commands.readLine()).contains("\"id\":1}"); // sent late; its answer is nobody's
        say("{\"return\": \"late\", \"id\": 1}");
        CompletableFuture<String> answer = command("query-status", PATIENT);
        assertThat(commands.readLine()).contains("\"id\":2}");
        say("{\"return\": \"in time\", \"id\": 2}");
        assertThat(answer.get()).isEqualTo("\"in time\"");
    }

    @Test
    void aRefusalIsAnExceptionWithQemusWords() throws Exception {
        negotiate();
        CompletableFuture<String> answer = command("cont", PATIENT);
        commands.readLine();
        say("{\"error\": {\"class\": \"GenericError\", \"desc\": \"not now\"}, \"id\": 1}");

        assertThatThrownBy(answer::get)
                .cause()
                .isInstanceOf(QmpException.class)
                .hasMessageContaining("not now")
                .extracting(e -> ((QmpException) e).kind())
                .isEqualTo(QmpException.Kind.REFUSED);
        assertThat(client.isOpen()).isTrue();
    }

    @Test
    void eventsComeInOrderHoweverTheyAreCut() throws Exception {
        negotiate();
        String lines =
                "{\"event\": \"STOP\"}\r\n{\"event\": \"SHUTDOWN\", \"data\": {\"reason\": \"guest-shutdown\"}}\r\n";
        for (byte b : lines.getBytes(StandardCharsets.UTF_8)) {
            qemu.write(ByteBuffer.wrap(new byte[] {b}));
        }

        await().until(() -> events.size() == 2);
        assertThat(events).extracting(QmpEvent::name).containsExactly("STOP", "SHUTDOWN");
        assertThat(events.get(0).data()).isEmpty();
        assertThat(events.get(1).data().path("reason").asText()).isEqualTo("guest-shutdown");
    }

    @Test
    void theEndOfQemuEndsWhatWaits() throws Exception {
        negotiate();
        CompletableFuture<String> answer = command("quit", PATIENT);
        commands.readLine();

        qemu.close();

        assertThatThrownBy(answer::get)
                .cause()
                .isInstanceOf(QmpException.class)
                .extracting(e -> ((QmpException) e).kind())
                .isEqualTo(QmpException.Kind.CLOSED);
        assertThat(failure("quit", PATIENT)).isEqualTo(QmpException.Kind.CLOSED);
        await().until(() -> closings.get() == 1);
        client.close();
        assertThat(closings).hasValue(1);
    }

    @Test
    void whatIsNoJsonEndsTheConnection() throws Exception {
        say("HTTP/1.1 200 OK");

        await().until(() -> !client.isOpen());
    }

    @Test
    void aLineWithoutEndEndsTheConnection() throws Exception {
        byte[] endless = new byte[QmpClient.LINE_BYTES_MAX + (1 << 16)];
        Thread writer = new Thread(() -> {
            try {
                qemu.write(ByteBuffer.wrap(endless));
            } catch (IOException e) {
                // the client has closed: as it should
            }
        });
        writer.setDaemon(true);
        writer.start();

        await().until(() -> !client.isOpen());
        writer.join();
    }

    @Test
    void aQemuThatReadsNothingBlocksNobody() throws Exception {
        say(GREETING);
        say("{\"return\": {}, \"id\": 0}");
        for (int i = 0; i < 20; i++) {
            String longCommand = "x".repeat(20_000);
            assertThat(failure(longCommand, Duration.ofMillis(5))).isEqualTo(QmpException.Kind.TIMED_OUT);
        }

        assertThat(client.isOpen()).isTrue();
    }

    @Test
    void nobodyListensIsAnError() {
        assertThatThrownBy(() -> reactor.connect(folder.resolve("none"), events::add, () -> {}))
                .isInstanceOf(IOException.class);
    }
}
