package io.kelpie.agent.link;

import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.ChannelOption;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** gRPC channels to controllers, with every limit explicit. */
public final class Channels {
    private static final int MESSAGE_BYTES_MAX = 4 * 1024 * 1024;
    private static final int METADATA_BYTES_MAX = 16 * 1024;
    private static final long KEEP_ALIVE_SECONDS = 20;
    private static final long KEEP_ALIVE_TIMEOUT_SECONDS = 5;
    private static final int CONNECT_TIMEOUT_MILLIS = 2_000;

    private Channels() {}

    /** Makes plain-text channels. */
    public static Function<String, ManagedChannel> plaintext() {
        return address -> NettyChannelBuilder.forTarget("dns:///" + address)
                .usePlaintext()
                .disableRetry()
                .maxInboundMessageSize(MESSAGE_BYTES_MAX)
                .maxInboundMetadataSize(METADATA_BYTES_MAX)
                .keepAliveTime(KEEP_ALIVE_SECONDS, TimeUnit.SECONDS)
                .keepAliveTimeout(KEEP_ALIVE_TIMEOUT_SECONDS, TimeUnit.SECONDS)
                .withOption(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_TIMEOUT_MILLIS)
                .build();
    }

    /** The address {@code host:port} (a host in brackets if it has colons), not resolved. */
    public static InetSocketAddress parse(String address) {
        int colon = address.lastIndexOf(':');
        String host = colon < 0 ? "" : address.substring(0, colon);
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        } else if (host.contains(":")) {
            throw new IllegalArgumentException("an IPv6 address stands in brackets, as in [::1]:7800");
        }
        if (host.isEmpty()) {
            throw new IllegalArgumentException("host:port, e.g. controller-1:7800");
        }
        try {
            int port = Integer.parseInt(address.substring(colon + 1));
            if (port < 0 || port > 65_535) {
                throw new IllegalArgumentException("a port is 1 to 65535");
            }
            return InetSocketAddress.createUnresolved(host, port);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("host:port, e.g. controller-1:7800", e);
        }
    }

    /** Whether the address can only lead to this machine. A name is looked up only if it is localhost. */
    public static boolean isLoopback(String address) {
        String host = parse(address).getHostString();
        if (host.equals("localhost")) {
            return true;
        }
        boolean literal = host.contains(":") || host.matches("[0-9.]+");
        try {
            return literal && InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }
}
