package io.kelpie.agent.driver.qemu;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves the QMP sockets of all instances on one thread. It never waits for any one of them. */
final class QmpReactor implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(QmpReactor.class);
    private static final int BUFFER_BYTES = 1 << 14;

    private final Selector selector;
    private final Thread thread;
    private volatile boolean stopping;

    QmpReactor() throws IOException {
        selector = Selector.open();
        thread = new Thread(this::run, "qmp");
        thread.setDaemon(true);
        thread.start();
    }

    /**
     * Connects to a QMP socket; returns at once, the negotiation follows.
     *
     * @param events called on the reactor's thread for each event
     * @param onClosed called once, when the connection has ended, whoever ended it
     * @throws IOException if nobody listens there, or as many wait there as may
     */
    QmpClient connect(Path socket, Consumer<QmpEvent> events, Runnable onClosed) throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            channel.configureBlocking(false);
            if (!channel.connect(UnixDomainSocketAddress.of(socket))) {
                throw new IOException("connecting to " + socket + " would block");
            }
            QmpClient client = new QmpClient(this, channel, events, onClosed);
            client.register(selector);
            wake();
            return client;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    void wake() {
        selector.wakeup();
    }

    @Override
    public void close() throws IOException {
        if (!selector.isOpen()) {
            return;
        }
        stopping = true;
        wake();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        for (SelectionKey key : List.copyOf(selector.keys())) {
            ((QmpClient) key.attachment()).close();
        }
        selector.close();
    }

    private void run() {
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
        while (!stopping) {
            try {
                selector.select(key -> serve(key, buffer));
            } catch (ClosedChannelException e) {
                LOG.debug("a QMP socket was closed while it was served", e);
            } catch (IOException e) {
                LOG.error("serving QMP sockets", e);
            }
        }
    }

    private static void serve(SelectionKey key, ByteBuffer buffer) {
        QmpClient client = (QmpClient) key.attachment();
        if (!key.isValid()) {
            return;
        }
        if (key.isWritable()) {
            client.onWritable();
        }
        if (key.isValid() && key.isReadable()) {
            client.onReadable(buffer);
        }
    }
}
