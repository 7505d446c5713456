package io.kelpie.cli.spec;

import io.kelpie.proto.v1.AffinityRule;
import io.kelpie.proto.v1.LabelPreference;
import io.kelpie.proto.v1.LabelRequirement;
import io.kelpie.proto.v1.Partitions;
import io.kelpie.proto.v1.Placement;
import io.kelpie.proto.v1.SpreadRule;
import io.kelpie.proto.v1.Toleration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Writes {@code spec.placement} of a job file: {@link PlacementParser} reads the same from it. */
final class PlacementDocument {
    private PlacementDocument() {}

    /** Empty if there is no rule. */
    static Map<String, Object> of(Placement placement) {
        Map<String, Object> map = new LinkedHashMap<>();
        put(map, "require", placement.getRequireList(), PlacementDocument::require);
        put(map, "prefer", placement.getPreferList(), PlacementDocument::prefer);
        put(map, "spread", placement.getSpreadList(), PlacementDocument::spread);
        put(map, "affinity", placement.getAffinityList(), PlacementDocument::affinity);
        put(map, "antiAffinity", placement.getAntiAffinityList(), PlacementDocument::affinity);
        if (placement.hasPartitions()) {
            map.put("partitions", partitions(placement.getPartitions()));
        }
        put(map, "tolerations", placement.getTolerationsList(), PlacementDocument::toleration);
        return map;
    }

    private static <T> void put(
            Map<String, Object> map, String key, List<T> rules, Function<T, Map<String, Object>> written) {
        if (!rules.isEmpty()) {
            map.put(key, rules.stream().map(written).toList());
        }
    }

    private static Map<String, Object> require(LabelRequirement rule) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("label", rule.getLabel());
        map.put("in", List.copyOf(rule.getInList()));
        return map;
    }

    private static Map<String, Object> prefer(LabelPreference rule) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("label", rule.getLabel());
        map.put("in", List.copyOf(rule.getInList()));
        map.put("weight", rule.getWeight());
        return map;
    }

    private static Map<String, Object> spread(SpreadRule rule) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("by", rule.getBy());
        map.put("maxSkew", rule.getMaxSkew());
        return map;
    }

    private static Map<String, Object> affinity(AffinityRule rule) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("job", rule.getJob());
        map.put("by", rule.getBy());
        map.put("required", rule.getRequired());
        return map;
    }

    private static Map<String, Object> partitions(Partitions partitions) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("count", partitions.getCount());
        map.put("by", partitions.getBy());
        return map;
    }

    private static Map<String, Object> toleration(Toleration toleration) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("key", toleration.getKey());
        if (toleration.hasValue()) {
            map.put("value", toleration.getValue());
        }
        return map;
    }
}
