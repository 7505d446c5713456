package io.kelpie.agent.image;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Optional;

/**
 * Which addresses an image may be downloaded from. Private networks are allowed, since images come from the operators'
 * own servers; what only the host itself can reach (loopback, link-local, the clouds' metadata services) is not, since
 * a job's author would read it through the agent.
 */
final class AddressRule {
    private static final byte[] ALIBABA_METADATA = {100, 100, 100, (byte) 200};
    private static final byte[] AMAZON_METADATA_V6 = {(byte) 0xfd, 0, 0x0e, (byte) 0xc2};
    private static final byte[] NAT64_PREFIX = {0, 0x64, (byte) 0xff, (byte) 0x9b, 0, 0, 0, 0, 0, 0, 0, 0};
    private static final byte[] V4_COMPATIBLE_PREFIX = new byte[12];
    private static final byte[] SIX_TO_FOUR_PREFIX = {0x20, 0x02};

    private final ImageLimits.Loopback loopback;

    AddressRule(ImageLimits.Loopback loopback) {
        this.loopback = loopback;
    }

    /** What kind of forbidden address this is; empty if it is allowed. */
    Optional<String> forbidden(InetAddress address) {
        if (address.isLoopbackAddress()) {
            return switch (loopback) {
                case ALLOWED -> Optional.empty();
                case REFUSED -> Optional.of("a loopback address");
            };
        }
        byte[] bytes = address.getAddress();
        if (address.isAnyLocalAddress() || (address instanceof Inet4Address && bytes[0] == 0)) {
            return Optional.of("an unspecified address");
        }
        if (address.isLinkLocalAddress()) {
            return Optional.of("a link-local address");
        }
        if (address.isMulticastAddress() || (address instanceof Inet4Address && (bytes[0] & 0xf0) == 0xf0)) {
            return Optional.of("a multicast, broadcast or reserved address");
        }
        if (Arrays.equals(bytes, ALIBABA_METADATA) || amazonMetadata(bytes)) {
            return Optional.of("the address of a metadata service");
        }
        return address instanceof Inet6Address ? embedded(bytes).flatMap(this::forbidden) : Optional.empty();
    }

    private static boolean amazonMetadata(byte[] bytes) {
        return bytes.length == 16 && startsWith(bytes, AMAZON_METADATA_V6) && bytes[14] == 0x02 && bytes[15] == 0x54;
    }

    /** The IPv4 address inside an IPv6 address that a translator or tunnel would send packets to. */
    private static Optional<InetAddress> embedded(byte[] bytes) {
        if (startsWith(bytes, NAT64_PREFIX) || startsWith(bytes, V4_COMPATIBLE_PREFIX)) {
            return Optional.of(inet4(bytes, 12));
        }
        if (startsWith(bytes, SIX_TO_FOUR_PREFIX)) {
            return Optional.of(inet4(bytes, 2));
        }
        return Optional.empty();
    }

    private static InetAddress inet4(byte[] bytes, int from) {
        try {
            return InetAddress.getByAddress(Arrays.copyOfRange(bytes, from, from + 4));
        } catch (UnknownHostException e) {
            throw new AssertionError("four bytes are an address", e);
        }
    }

    private static boolean startsWith(byte[] bytes, byte[] prefix) {
        return Arrays.mismatch(bytes, prefix) >= prefix.length || Arrays.equals(bytes, prefix);
    }
}
