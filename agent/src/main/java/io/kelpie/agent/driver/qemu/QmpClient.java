package io.kelpie.agent.driver.qemu;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection to one QEMU's QMP socket, which serves one client at a time.
 *
 * <p>It negotiates by itself as soon as QEMU greets, however late that is; commands sent before wait for it. Commands
 * are matched to their answers by id and may be sent from any thread. Events are handed over on the reactor's thread
 * and must be taken without blocking.
 */
final class QmpClient implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(QmpClient.class);
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Longest line of QEMU, in bytes; a longer one ends the connection. */
    static final int LINE_BYTES_MAX = 1 << 20;

    /** Most bytes that wait for a QEMU that does not read. */
    private static final int OUTGOING_BYTES_MAX = 1 << 16;

    private final QmpReactor reactor;
    private final SocketChannel channel;
    private final Consumer<QmpEvent> events;
    private final Runnable onClosed;
    private final CompletableFuture<Boolean> ready = new CompletableFuture<>();
    private final Map<Long, CompletableFuture<JsonNode>> pending = new ConcurrentHashMap<>();
    private final AtomicLong lastId = new AtomicLong();
    private final ByteArrayOutputStream line = new ByteArrayOutputStream(); // reactor's thread only

    private final Object lock = new Object();
    private final Deque<ByteBuffer> outgoing = new ArrayDeque<>(); // guarded by lock
    private int outgoingBytes; // guarded by lock
    private @Nullable SelectionKey key; // guarded by lock
    private boolean closed; // guarded by lock

    QmpClient(QmpReactor reactor, SocketChannel channel, Consumer<QmpEvent> events, Runnable onClosed) {
        this.reactor = reactor;
        this.channel = channel;
        this.events = events;
        this.onClosed = onClosed;
    }

    /**
     * Executes a command without arguments.
     *
     * @param deadline for the negotiation, if it is not done yet, and the answer
     * @return the answer's {@code return}
     */
    JsonNode execute(String command, Duration deadline) throws QmpException, InterruptedException {
        long id = lastId.incrementAndGet();
        CompletableFuture<JsonNode> answer = new CompletableFuture<>();
        pending.put(id, answer);
        try {
            if (!isOpen()) { // asked after the command became visible to close()
                throw new QmpException(QmpException.Kind.CLOSED, "there is no connection to QEMU for " + command);
            }
            ready.thenRun(() -> send(command, id));
            JsonNode message = answer.get(deadline.toNanos(), TimeUnit.NANOSECONDS);
            if (message.has("error")) {
                throw new QmpException(
                        QmpException.Kind.REFUSED,
                        "QEMU refused " + command + ": "
                                + message.path("error").path("desc").asText());
            }
            return message.path("return");
        } catch (TimeoutException e) {
            throw new QmpException(
                    QmpException.Kind.TIMED_OUT,
                    "QEMU did not answer " + command + " within " + deadline.toMillis() + " ms");
        } catch (ExecutionException e) {
            throw new QmpException(QmpException.Kind.CLOSED, "the connection to QEMU ended during " + command);
        } finally {
            pending.remove(id);
        }
    }

    boolean isOpen() {
        synchronized (lock) {
            return !closed;
        }
    }

    @Override
    public void close() {
        synchronized (lock) {
            if (closed) {
                return;
            }
            closed = true;
            if (key != null) {
                key.cancel();
            }
            try {
                channel.close();
            } catch (IOException e) {
                LOG.debug("closing a QMP socket", e);
            }
        }
        IOException ended = new IOException("the connection ended");
        ready.completeExceptionally(ended);
        pending.values().forEach(answer -> answer.completeExceptionally(ended));
        reactor.wake(); // a cancelled key frees its socket with the next select
        onClosed.run();
    }

    // ---- the reactor's side -----------------------------------------------------------------------------------------

    void register(Selector selector) throws IOException {
        synchronized (lock) { // or an answer could be sent before the key is known
            key = channel.register(selector, SelectionKey.OP_READ, this);
        }
    }

    /** Takes what the socket holds. */
    void onReadable(ByteBuffer buffer) {
        try {
            int length;
            while ((length = channel.read(buffer.clear())) > 0) {
                byte[] bytes = new byte[length];
                buffer.flip().get(bytes);
                take(bytes);
            }
            if (length < 0) {
                close();
            }
        } catch (IOException e) {
            LOG.debug("QMP connection failed", e);
            close();
        }
    }

    void onWritable() {
        synchronized (lock) {
            flush();
        }
    }

    private void take(byte[] bytes) throws IOException {
        int from = 0;
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] == '\n') {
                line.write(bytes, from, i - from);
                from = i + 1;
                byte[] message = line.toByteArray();
                line.reset();
                dispatch(JSON.readTree(message));
            }
        }
        line.write(bytes, from, bytes.length - from);
        if (line.size() > LINE_BYTES_MAX) {
            throw new IOException("QEMU sent a line of more than " + LINE_BYTES_MAX + " bytes");
        }
    }

    private void dispatch(JsonNode message) {
        if (message.has("QMP")) {
            send("qmp_capabilities", 0);
        } else if (message.has("event")) {
            JsonNode data = message.path("data");
            events.accept(
                    new QmpEvent(message.path("event").asText(), data.isObject() ? data : JSON.createObjectNode()));
        } else if (message.path("id").asLong(-1) == 0 && message.has("return")) {
            ready.complete(true);
        } else {
            CompletableFuture<JsonNode> answer =
                    pending.remove(message.path("id").asLong(-1));
            if (answer != null) {
                answer.complete(message);
            }
        }
    }

    // ---- sending ----------------------------------------------------------------------------------------------------

    private void send(String command, long id) {
        ObjectNode message = JSON.createObjectNode();
        message.put("execute", command);
        message.put("id", id);
        byte[] bytes;
        try {
            bytes = (JSON.writeValueAsString(message) + "\n").getBytes(StandardCharsets.UTF_8);
        } catch (JsonProcessingException e) {
            throw new AssertionError("a tree of strings and numbers is always JSON", e);
        }
        synchronized (lock) {
            if (closed || outgoingBytes + bytes.length > OUTGOING_BYTES_MAX) {
                return; // the command runs into its deadline, as it should with a QEMU that reads nothing
            }
            outgoing.add(ByteBuffer.wrap(bytes));
            outgoingBytes += bytes.length;
            flush();
        }
    }

    /** Writes as much as the socket takes; called with the lock held. */
    private void flush() {
        try {
            ByteBuffer first;
            while ((first = outgoing.peek()) != null) {
                outgoingBytes -= channel.write(first);
                if (first.hasRemaining()) {
                    break;
                }
                outgoing.remove();
            }
        } catch (IOException e) {
            LOG.debug("QMP connection failed; the reactor will see its end", e);
            outgoing.clear();
        }
        if (key != null && key.isValid()) {
            int interest = outgoing.isEmpty() ? SelectionKey.OP_READ : SelectionKey.OP_READ | SelectionKey.OP_WRITE;
            if (key.interestOps() != interest) {
                key.interestOps(interest);
                reactor.wake();
            }
        }
    }
}
