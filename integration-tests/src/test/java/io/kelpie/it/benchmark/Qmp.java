package io.kelpie.it.benchmark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** The least that speaks QMP: one command at a time, events are passed over. */
final class Qmp implements AutoCloseable {
    private static final Duration PAUSE = Duration.ofNanos(200_000);

    private final ObjectMapper json = new ObjectMapper();
    private final SocketChannel channel;
    private final BufferedReader lines;

    private Qmp(SocketChannel channel) {
        this.channel = channel;
        this.lines = new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8));
    }

    /** Connects as soon as QEMU listens, and waits until the guest's CPUs run. */
    static Qmp awaitRunning(Path socket, Process qemu) throws IOException {
        Qmp qmp = new Qmp(connect(socket, qemu));
        qmp.lines.readLine(); // the greeting
        qmp.execute("qmp_capabilities");
        while (!qmp.execute("query-status").path("status").asText().equals("running")) {
            LockSupport.parkNanos(PAUSE.toNanos());
        }
        return qmp;
    }

    JsonNode execute(String command) throws IOException {
        channel.write(ByteBuffer.wrap(("{\"execute\":\"" + command + "\"}\n").getBytes(StandardCharsets.UTF_8)));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            JsonNode message = json.readTree(line);
            if (message.has("return")) {
                return message.get("return");
            }
            if (message.has("error")) {
                throw new IOException(command + ": " + line);
            }
        }
        throw new IOException("QEMU has closed the connection");
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    private static SocketChannel connect(Path socket, Process qemu) throws IOException {
        while (qemu.isAlive()) {
            SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
            try {
                channel.connect(UnixDomainSocketAddress.of(socket));
                return channel;
            } catch (IOException notYet) {
                channel.close();
                LockSupport.parkNanos(PAUSE.toNanos());
            }
        }
        throw new IOException("QEMU has ended with " + qemu.exitValue());
    }
}
