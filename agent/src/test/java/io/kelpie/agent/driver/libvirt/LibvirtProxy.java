package io.kelpie.agent.driver.libvirt;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/** Stands between a driver and libvirtd, to cut their connections and to hold libvirtd's answers back. */
final class LibvirtProxy implements AutoCloseable {
    private final Path socket;
    private final Path libvirtd;
    private final List<SocketChannel> channels = new CopyOnWriteArrayList<>();
    /** Answers pass under the read lock. */
    private final ReentrantReadWriteLock answers = new ReentrantReadWriteLock();

    private ServerSocketChannel server;

    /** Listens on {@code socket}, for the libvirtd behind the other. */
    LibvirtProxy(Path socket, Path libvirtd) throws IOException {
        this.socket = socket;
        this.libvirtd = libvirtd;
        this.server = listen();
    }

    String uri() {
        return "qemu+unix:///system?socket=" + socket;
    }

    /** Closes all connections and takes no new ones, like a libvirtd that has ended. */
    void cut() throws IOException {
        server.close();
        Files.deleteIfExists(socket);
        for (SocketChannel channel : channels) {
            channel.close();
        }
        channels.clear();
    }

    /** Takes connections again. */
    void restore() throws IOException {
        server = listen();
    }

    /** From now on libvirtd gets what is asked, and nobody hears its answer; to be released by the same thread. */
    void holdAnswers() {
        answers.writeLock().lock();
    }

    void releaseAnswers() {
        answers.writeLock().unlock();
    }

    private ServerSocketChannel listen() throws IOException {
        ServerSocketChannel made = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        made.bind(UnixDomainSocketAddress.of(socket));
        run(() -> {
            while (true) {
                SocketChannel client = made.accept();
                SocketChannel daemon = SocketChannel.open(UnixDomainSocketAddress.of(libvirtd));
                channels.add(client);
                channels.add(daemon);
                run(() -> pump(client, daemon, false));
                run(() -> pump(daemon, client, true));
            }
        });
        return made;
    }

    private void pump(SocketChannel from, SocketChannel to, boolean answer) throws IOException {
        try (from;
                to) {
            ByteBuffer buffer = ByteBuffer.allocate(64 * 1024);
            while (from.read(buffer) >= 0) {
                buffer.flip();
                if (answer) {
                    answers.readLock().lock();
                }
                try {
                    while (buffer.hasRemaining()) {
                        to.write(buffer);
                    }
                } finally {
                    if (answer) {
                        answers.readLock().unlock();
                    }
                }
                buffer.clear();
            }
        }
    }

    private interface Io {
        void run() throws IOException;
    }

    private static void run(Io io) {
        Thread thread = new Thread(
                () -> {
                    try {
                        io.run();
                    } catch (IOException closed) {
                        // one of the two sides has gone: so it is meant
                    }
                },
                "libvirt-proxy");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() throws IOException {
        cut();
    }
}
