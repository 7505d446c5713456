package io.kelpie.controller.server;

import java.net.InetSocketAddress;

/** Addresses as configurations write them: {@code host:port}, {@code [::1]:port}. */
final class Addresses {
    /** What an address is, for messages. */
    static final String RULE = "give host:port, e.g. 127.0.0.1:7400";

    private Addresses() {}

    /** @throws IllegalArgumentException saying what an address is */
    static InetSocketAddress parse(String text) {
        int colon = text.lastIndexOf(':');
        if (colon < 1) {
            throw new IllegalArgumentException(RULE);
        }
        String host = text.substring(0, colon).replaceAll("^\\[|]$", "");
        int port;
        try {
            port = Integer.parseInt(text.substring(colon + 1));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(RULE, e);
        }
        if (port < 1 || port > 65_535) {
            throw new IllegalArgumentException("give a port from 1 to 65535");
        }
        InetSocketAddress address = new InetSocketAddress(host, port);
        if (address.isUnresolved()) {
            throw new IllegalArgumentException("give a host that this machine can resolve");
        }
        return address;
    }

    static String format(InetSocketAddress address) {
        String host = address.getHostString();
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
    }
}
