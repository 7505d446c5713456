package io.kelpie.it.benchmark.packing;

import io.kelpie.it.benchmark.measure.Report;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The fewest hosts of one kind, over traces of many seeds. Used by one thread. */
final class SeedTotals {
    private final List<Integer> more = new ArrayList<>();
    private final List<Integer> fewer = new ArrayList<>();
    private int seeds;
    private long volumeBound;
    private long bound;
    private long bestFit;
    private long kelpie;

    /**
     * @param fewest has best-fit and Kelpie's pack
     */
    void add(int seed, FewestHosts fewest) {
        int ofBestFit = fewest.hosts(Engine.BEST_FIT);
        int ofKelpie = fewest.hosts(Engine.KELPIE_PACK);
        seeds++;
        volumeBound += fewest.volumeBound();
        bound += fewest.bound();
        bestFit += ofBestFit;
        kelpie += ofKelpie;
        if (ofKelpie > ofBestFit) {
            more.add(seed);
        } else if (ofKelpie < ofBestFit) {
            fewer.add(seed);
        }
    }

    /** Of the hosts that best-fit uses beyond the bound, over all seeds, the share that Kelpie saves. NaN if there are none. */
    double gapClosed() {
        return bestFit == bound ? Double.NaN : (double) (bestFit - kelpie) / (bestFit - bound);
    }

    static String header() {
        return String.format(
                Locale.ROOT,
                "%-10s %6s %8s %8s %9s %8s %6s %6s   %s",
                "hosts of",
                "seeds",
                "volume",
                "bound",
                "best-fit",
                "Kelpie",
                "more",
                "fewer",
                "gap closed");
    }

    String row(String kind) {
        String closed = bestFit == bound ? "no gap" : bestFit - kelpie + " of " + (bestFit - bound);
        return String.format(
                Locale.ROOT,
                "%-10s %6d %8d %8d %9d %8d %6d %6d   %s",
                kind,
                seeds,
                volumeBound,
                bound,
                bestFit,
                kelpie,
                more.size(),
                fewer.size(),
                closed);
    }

    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("seeds", seeds);
        json.put("volumeBound", volumeBound);
        json.put("bound", bound);
        json.put(Engine.BEST_FIT.key(), bestFit);
        json.put(Engine.KELPIE_PACK.key(), kelpie);
        json.put("gapClosed", Double.isNaN(gapClosed()) ? null : Report.rounded(gapClosed(), 3));
        json.put("kelpieMore", List.copyOf(more));
        json.put("kelpieFewer", List.copyOf(fewer));
        return json;
    }
}
