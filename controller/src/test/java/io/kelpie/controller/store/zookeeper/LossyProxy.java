package io.kelpie.controller.store.zookeeper;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Stands between a client and a server on loopback, and can swallow one direction or refuse everything. */
public final class LossyProxy implements AutoCloseable {
    private final InetSocketAddress server;
    private final ServerSocket listening;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private volatile boolean swallowRequests;
    private volatile boolean swallowReplies;
    private volatile boolean refuse;
    private volatile String fatalRequest = "";

    /** Begins to listen. */
    public LossyProxy(String serverHostPort) throws IOException {
        int colon = serverHostPort.lastIndexOf(':');
        server = new InetSocketAddress(
                serverHostPort.substring(0, colon), Integer.parseInt(serverHostPort.substring(colon + 1)));
        listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        daemon(this::accept);
    }

    public String connectString() {
        return "127.0.0.1:" + listening.getLocalPort();
    }

    /** What the client sends from now on does not arrive. */
    public void swallowRequests() {
        swallowRequests = true;
    }

    /** What the server answers from now on does not arrive. */
    public void swallowReplies() {
        swallowReplies = true;
    }

    /** The answers to the next request that holds this text, and to all after it, do not arrive. */
    public void swallowRepliesFrom(String text) {
        fatalRequest = text;
    }

    /** Cuts all connections, and refuses new ones until {@link #heal}. */
    public void cut() {
        refuse = true;
        sockets.forEach(LossyProxy::closeQuietly);
    }

    /** Cuts all connections; new ones work. */
    public void reconnect() {
        heal();
        sockets.forEach(LossyProxy::closeQuietly);
    }

    /** New connections work again. */
    public void heal() {
        swallowRequests = false;
        swallowReplies = false;
        fatalRequest = "";
        refuse = false;
    }

    @Override
    public void close() throws IOException {
        listening.close();
        sockets.forEach(LossyProxy::closeQuietly);
    }

    private void accept() {
        while (!listening.isClosed()) {
            try {
                Socket client = listening.accept();
                if (refuse) {
                    closeQuietly(client);
                    continue;
                }
                Socket upstream = new Socket();
                sockets.add(client);
                sockets.add(upstream);
                upstream.connect(server);
                daemon(() -> pump(client, upstream, true));
                daemon(() -> pump(upstream, client, false));
            } catch (IOException closedOrServerDown) {
                // The client sees its connection closed, and tries again.
                sockets.removeIf(Socket::isClosed);
            }
        }
    }

    private void pump(Socket from, Socket to, boolean requests) {
        byte[] buffer = new byte[64 * 1024];
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                String fatal = fatalRequest;
                if (requests && !fatal.isEmpty() && new String(buffer, 0, read, ISO_8859_1).contains(fatal)) {
                    swallowReplies = true;
                }
                if (!(requests ? swallowRequests : swallowReplies)) {
                    out.write(buffer, 0, read);
                    out.flush();
                }
            }
        } catch (IOException cut) {
            // The other direction ends with it, below.
        } finally {
            sockets.remove(from);
            closeQuietly(from);
            closeQuietly(to);
        }
    }

    private static void closeQuietly(Socket socket) {
        try {
            socket.close();
        } catch (IOException cause) {
            throw new UncheckedIOException(cause);
        }
    }

    private static void daemon(Runnable task) {
        Thread thread = new Thread(task, "lossy-proxy");
        thread.setDaemon(true);
        thread.start();
    }
}
