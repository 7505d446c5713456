package io.kelpie.cli.spec;

import io.kelpie.common.yaml.QuotedText;
import io.kelpie.common.yaml.YamlMap;
import io.kelpie.proto.v1.AffinityRule;
import io.kelpie.proto.v1.LabelPreference;
import io.kelpie.proto.v1.LabelRequirement;
import io.kelpie.proto.v1.Partitions;
import io.kelpie.proto.v1.Placement;
import io.kelpie.proto.v1.SpreadRule;
import io.kelpie.proto.v1.Toleration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Reads {@code spec.placement}. Throws {@link io.kelpie.common.yaml.YamlException} on bad input. */
final class PlacementParser {
    private static final int DEFAULT_WEIGHT = 50;
    private static final int DEFAULT_SKEW = 1;

    private PlacementParser() {}

    static Placement parse(YamlMap placement) {
        Placement.Builder built = Placement.newBuilder();
        require(placement, built);
        prefer(placement, built);
        spread(placement, built);
        Set<String> together = new HashSet<>();
        for (YamlMap rule : rules(placement, "affinity")) {
            built.addAffinity(affinity(rule, together, Set.of()));
        }
        Set<String> required = new HashSet<>();
        built.getAffinityList().stream()
                .filter(AffinityRule::getRequired)
                .map(PlacementParser::pair)
                .forEach(required::add);
        Set<String> apart = new HashSet<>();
        for (YamlMap rule : rules(placement, "antiAffinity")) {
            built.addAntiAffinity(affinity(rule, apart, required));
        }
        YamlMap partitions = placement.optionalMap("partitions");
        if (partitions != null) {
            built.setPartitions(partitions(partitions));
        }
        tolerations(placement, built);
        placement.rejectUnknown();
        return built.build();
    }

    private static List<YamlMap> rules(YamlMap placement, String key) {
        List<YamlMap> rules = placement.maps(key);
        Checks.count(placement, key, rules.size(), SpecLimits.MAX_RULES);
        return rules;
    }

    private static void require(YamlMap placement, Placement.Builder built) {
        List<YamlMap> requirements = placement.maps("require");
        Checks.count(placement, "require", requirements.size(), SpecLimits.MAX_LABELS);
        for (YamlMap require : requirements) {
            built.addRequire(LabelRequirement.newBuilder()
                    .setLabel(Checks.labelKey(require, "label"))
                    .addAllIn(values(require)));
            require.rejectUnknown();
        }
    }

    private static void prefer(YamlMap placement, Placement.Builder built) {
        for (YamlMap prefer : rules(placement, "prefer")) {
            built.addPrefer(LabelPreference.newBuilder()
                    .setLabel(Checks.labelKey(prefer, "label"))
                    .addAllIn(values(prefer))
                    .setWeight((int) prefer.integer("weight", DEFAULT_WEIGHT, 1, SpecLimits.MAX_WEIGHT)));
            prefer.rejectUnknown();
        }
    }

    private static List<String> values(YamlMap map) {
        List<String> in = Checks.labelValues(map, "in");
        if (in.isEmpty()) {
            throw map.invalid("in", "no value is accepted", "give at least one, e.g. in: [ssd]");
        }
        Checks.count(map, "in", in.size(), SpecLimits.MAX_LABELS);
        return in;
    }

    private static void spread(YamlMap placement, Placement.Builder built) {
        Set<String> domains = new HashSet<>();
        for (YamlMap rule : rules(placement, "spread")) {
            String by = Checks.domain(rule);
            if (!domains.add(by)) {
                throw rule.invalid("by", "another rule spreads by " + QuotedText.of(by), "keep one of them");
            }
            built.addSpread(SpreadRule.newBuilder().setBy(by).setMaxSkew((int)
                    rule.integer("maxSkew", DEFAULT_SKEW, 1, SpecLimits.MAX_SKEW)));
            rule.rejectUnknown();
        }
    }

    /**
     * @param known pairs of job and domain of the same list
     * @param contrary pairs that another list requires the contrary for
     */
    private static AffinityRule affinity(YamlMap rule, Set<String> known, Set<String> contrary) {
        String job = Checks.name(rule, "job", rule.requiredString("job"));
        String by = Checks.domain(rule);
        rule.requiredString("required");
        AffinityRule affinity = AffinityRule.newBuilder()
                .setJob(job)
                .setBy(by)
                .setRequired(rule.bool("required", false))
                .build();
        rule.rejectUnknown();
        if (!known.add(pair(affinity))) {
            throw rule.invalid("job", "another rule names job " + job + " by " + by, "keep one of them");
        }
        if (affinity.getRequired() && contrary.contains(pair(affinity))) {
            throw rule.invalid(
                    "job",
                    "affinity requires to be with job " + job + " by " + by + ", and this to be apart from it",
                    "make one of them required: false, or remove it");
        }
        return affinity;
    }

    private static String pair(AffinityRule rule) {
        return rule.getJob() + " " + rule.getBy();
    }

    private static Partitions partitions(YamlMap map) {
        map.requiredString("count");
        Partitions partitions = Partitions.newBuilder()
                .setCount((int) map.integer("count", 2, 2, SpecLimits.MAX_PARTITIONS))
                .setBy(Checks.domain(map))
                .build();
        map.rejectUnknown();
        return partitions;
    }

    private static void tolerations(YamlMap placement, Placement.Builder built) {
        for (YamlMap map : rules(placement, "tolerations")) {
            Toleration.Builder toleration = Toleration.newBuilder().setKey(Checks.labelKey(map, "key"));
            String value = map.optionalString("value");
            if (value != null) { // empty: of a taint without a value
                toleration.setValue(value.isEmpty() ? value : Checks.labelValue(map, "value"));
            }
            map.rejectUnknown();
            built.addTolerations(toleration);
        }
    }
}
