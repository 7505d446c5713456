package io.kelpie.it.cluster;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/** Free ports on the loopback address. */
public final class Ports {
    /** Below the range from which the kernel takes ports for outgoing connections. */
    private static final int LOWEST = 12_000;

    private static final int HIGHEST = 32_000;
    private static final int ATTEMPTS = 200;

    private Ports() {}

    /** A port that nobody listens on now, as {@code 127.0.0.1:port}. */
    public static String freeAddress() {
        return "127.0.0.1:" + free();
    }

    /** A port that nobody listens on now. */
    public static int free() {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            int port = ThreadLocalRandom.current().nextInt(LOWEST, HIGHEST);
            try (ServerSocket socket = new ServerSocket()) {
                socket.setReuseAddress(true);
                socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
                return port;
            } catch (IOException taken) {
                // Another attempt finds another one.
            }
        }
        throw new IllegalStateException("no free port found in " + ATTEMPTS + " attempts");
    }
}
