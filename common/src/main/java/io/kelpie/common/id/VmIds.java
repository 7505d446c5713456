package io.kelpie.common.id;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.UUID;

/** A VM's identity follows from its job's UUID and its ordinal, so that it survives any loss of its record. */
public final class VmIds {
    private VmIds() {}

    /** The UUID of a job's VM. */
    public static UUID vmId(UUID jobUid, int ordinal) {
        ByteBuffer digest = ByteBuffer.wrap(sha256("vm:" + jobUid + ":" + ordinal));
        long high = digest.getLong() & ~0xF000L | 0x8000L; // version 8: custom (RFC 9562)
        long low = digest.getLong() & ~(0xC0L << 56) | 0x80L << 56;
        return new UUID(high, low);
    }

    /**
     * The MAC address of a VM's interface: locally administered, unicast, 46 bits of a digest, so that two of 100,000
     * VMs share one with a probability below 1 in 10,000.
     */
    public static String macAddress(UUID vmId, int index) {
        byte[] digest = sha256("mac:" + vmId + ":" + index);
        digest[0] = (byte) (digest[0] & 0xFC | 0x02);
        StringBuilder mac = new StringBuilder(17);
        for (int i = 0; i < 6; i++) {
            if (i > 0) {
                mac.append(':');
            }
            mac.append(Character.forDigit(digest[i] >> 4 & 0xF, 16)).append(Character.forDigit(digest[i] & 0xF, 16));
        }
        return mac.toString();
    }

    private static byte[] sha256(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }
}
