package io.kelpie.controller.scheduling.engine;

import io.kelpie.controller.scheduling.HostView;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which hosts have which images at hand. The first images that are heard of have a bit each; the others share some, and
 * where such a bit is set the host's own list is asked. Belongs to one thread.
 */
final class ImageTable {
    private static final int WORDS = 4;
    private static final int OWN_BITS = 192;
    private static final int SHARED_BITS = WORDS * Long.SIZE - OWN_BITS;

    private final Map<String, Integer> ownBits = new HashMap<>();
    private long[] bits = new long[0]; // WORDS a host

    void put(int host, Set<String> digests) {
        if ((host + 1) * WORDS > bits.length) {
            bits = Arrays.copyOf(bits, Math.max(16 * WORDS, host * 2 * WORDS));
        }
        Arrays.fill(bits, host * WORDS, (host + 1) * WORDS, 0);
        for (String digest : digests) {
            Integer own = ownBits.get(digest);
            if (own == null && ownBits.size() < OWN_BITS) {
                own = ownBits.size();
                ownBits.put(digest, own);
            }
            int bit = own == null ? sharedBit(digest) : own;
            bits[host * WORDS + (bit >> 6)] |= 1L << bit;
        }
    }

    /** The number of an image that has a bit of its own, for good; {@link HostTable#UNKNOWN} if it has none. */
    int index(String digest) {
        return ownBits.getOrDefault(digest, HostTable.UNKNOWN);
    }

    /**
     * Whether a host has an image.
     *
     * @param index of the image, as far as it is known
     * @param view of the host
     */
    boolean has(int host, int index, String digest, @Nullable HostView view) {
        int own = index == HostTable.UNKNOWN ? index(digest) : index;
        return own == HostTable.UNKNOWN
                ? isSet(host, sharedBit(digest))
                        && view != null
                        && view.images().contains(digest)
                : isSet(host, own);
    }

    private boolean isSet(int host, int bit) {
        return (bits[host * WORDS + (bit >> 6)] & (1L << bit)) != 0;
    }

    private static int sharedBit(String digest) {
        return OWN_BITS + Math.floorMod(digest.hashCode(), SHARED_BITS);
    }
}
