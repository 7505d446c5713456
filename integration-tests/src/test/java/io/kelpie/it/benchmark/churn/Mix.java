package io.kelpie.it.benchmark.churn;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/**
 * How many of a thousand VMs are of each kind.
 *
 * @param perThousand adds up to 1000
 */
public record Mix(Map<Kind, Integer> perThousand) {
    /** All rules, and some VMs that want nothing but room. */
    public static final Mix ALL_RULES = of(160, 225, 125, 100, 220, 110, 60);

    /** Each VM has a rule beside room. */
    public static final Mix CONSTRAINED = of(0, 268, 149, 119, 262, 131, 71);

    public Mix {
        int sum = perThousand.values().stream().mapToInt(Integer::intValue).sum();
        if (sum != 1000) {
            throw new IllegalArgumentException("the shares add up to " + sum + " of 1000");
        }
        perThousand = Collections.unmodifiableMap(new EnumMap<>(perThousand));
    }

    private static Mix of(int plain, int spread, int antiAffinity, int affinity, int labels, int numa, int devices) {
        Map<Kind, Integer> shares = new EnumMap<>(Kind.class);
        shares.put(Kind.PLAIN, plain);
        shares.put(Kind.SPREAD, spread);
        shares.put(Kind.ANTI_AFFINITY, antiAffinity);
        shares.put(Kind.AFFINITY, affinity);
        shares.put(Kind.LABELS, labels);
        shares.put(Kind.NUMA, numa);
        shares.put(Kind.DEVICES, devices);
        return new Mix(shares);
    }

    public int perThousand(Kind kind) {
        return perThousand.getOrDefault(kind, 0);
    }
}
