package io.kelpie.it.benchmark.packing;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** The fewest hosts of one kind for a trace as it is and for variants of it. Used by one thread. */
final class VariantCounts {
    private static final List<Engine> ENGINES = List.of(Engine.BEST_FIT, Engine.KELPIE_PACK);

    private final FewestHosts whole;
    private final Map<Engine, TreeMap<Integer, Integer>> variantsByHosts = new LinkedHashMap<>();
    private int variants;
    private int more;
    private int fewer;

    /**
     * @param whole of the trace as it is, with best-fit and Kelpie's pack
     */
    VariantCounts(FewestHosts whole) {
        this.whole = whole;
        ENGINES.forEach(engine -> variantsByHosts.put(engine, new TreeMap<>()));
    }

    FewestHosts whole() {
        return whole;
    }

    void add(FewestHosts variant) {
        variants++;
        variantsByHosts.forEach((engine, counts) -> counts.merge(variant.hosts(engine), 1, Integer::sum));
        int beyond = variant.hosts(Engine.KELPIE_PACK) - variant.hosts(Engine.BEST_FIT);
        more += beyond > 0 ? 1 : 0;
        fewer += beyond < 0 ? 1 : 0;
    }

    /** One line for each engine, and one for both. */
    List<String> lines() {
        TreeSet<Integer> hosts = new TreeSet<>();
        variantsByHosts.values().forEach(counts -> hosts.addAll(counts.keySet()));
        List<String> lines = variantsByHosts.entrySet().stream()
                .map(engine -> String.format(
                                Locale.ROOT,
                                "  %-12s needs %d; ",
                                engine.getKey().key(),
                                whole.hosts(engine.getKey()))
                        + hosts.stream()
                                .map(count -> count + " in " + engine.getValue().getOrDefault(count, 0))
                                .collect(Collectors.joining(", "))
                        + " of " + variants + " variants")
                .collect(Collectors.toList());
        lines.add("  Kelpie needs more in " + more + ", fewer in " + fewer + "; bound of the whole trace "
                + whole.bound());
        return lines;
    }

    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("whole", whole.json());
        json.put("variants", variants);
        variantsByHosts.forEach((engine, counts) -> json.put(engine.key(), new TreeMap<>(counts)));
        json.put("kelpieMore", more);
        json.put("kelpieFewer", fewer);
        return json;
    }
}
