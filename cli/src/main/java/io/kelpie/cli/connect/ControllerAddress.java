package io.kelpie.cli.connect;

import io.kelpie.cli.CliException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a controller listens.
 *
 * @param host name or address; an IPv6 address without brackets
 * @param port 1 to 65535
 */
public record ControllerAddress(String host, int port) {
    private static final Pattern ADDRESS = Pattern.compile("(?:([^\\s:\\[\\]]+)|\\[([0-9a-fA-F:.%]+)])?:([0-9]{1,5})");

    /** Reads {@code host:port} or {@code [ipv6]:port}; empty if it is neither. */
    public static Optional<ControllerAddress> parse(String text) {
        Matcher matcher = ADDRESS.matcher(text.trim());
        if (!matcher.matches()) {
            return Optional.empty();
        }
        String host = matcher.group(1) != null ? matcher.group(1) : matcher.group(2);
        int port = Integer.parseInt(matcher.group(3));
        return host == null || port < 1 || port > 65535
                ? Optional.empty()
                : Optional.of(new ControllerAddress(host, port));
    }

    /**
     * Reads a list; {@code where} names its place in messages.
     *
     * @throws CliException if one of them is no address, or there is none
     */
    public static List<ControllerAddress> parseAll(String where, Iterable<String> texts) {
        List<ControllerAddress> addresses = new ArrayList<>();
        for (String text : texts) {
            ControllerAddress address = parse(text)
                    .orElseThrow(() -> CliException.usage(
                            where + ": '" + text.trim() + "' is not an address", "write host:port, host:port, …"));
            if (!addresses.contains(address)) {
                addresses.add(address);
            }
        }
        if (addresses.isEmpty()) {
            throw CliException.usage(where + ": no address", "write host:port, host:port, …");
        }
        return addresses;
    }

    @Override
    public String toString() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
