package io.kelpie.controller.api;

import io.kelpie.common.error.KelpieException;
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

/** Refuses placement rules that are no rules, or that contradict each other, by the name of the field. Pure. */
final class PlacementValidator {
    /** Of each list of rules. */
    static final int MAX_RULES = 16;

    private static final String FIELD = "spec.placement.";
    private static final int MAX_WEIGHT = 100;

    private PlacementValidator() {}

    /** @throws KelpieException naming the first field at fault */
    static void check(Placement placement) {
        count("require", placement.getRequireCount(), JobSpecValidator.MAX_LABELS);
        for (int i = 0; i < placement.getRequireCount(); i++) {
            LabelRequirement require = placement.getRequire(i);
            labels(at("require", i), require.getLabel(), require.getInList());
        }
        count("prefer", placement.getPreferCount(), MAX_RULES);
        for (int i = 0; i < placement.getPreferCount(); i++) {
            LabelPreference prefer = placement.getPrefer(i);
            labels(at("prefer", i), prefer.getLabel(), prefer.getInList());
            range(at("prefer", i) + ".weight", prefer.getWeight(), 1, MAX_WEIGHT);
        }
        spread(placement.getSpreadList());
        affinity("affinity", placement.getAffinityList());
        affinity("antiAffinity", placement.getAntiAffinityList());
        contradictions(placement.getAffinityList(), placement.getAntiAffinityList());
        if (placement.hasPartitions()) {
            Partitions partitions = placement.getPartitions();
            range(FIELD + "partitions.count", partitions.getCount(), 2, JobSpecValidator.MAX_REPLICAS);
            JobSpecValidator.label(FIELD + "partitions.by", partitions.getBy());
        }
        count("tolerations", placement.getTolerationsCount(), MAX_RULES);
        for (int i = 0; i < placement.getTolerationsCount(); i++) {
            toleration(at("tolerations", i), placement.getTolerations(i));
        }
    }

    private static void labels(String field, String label, List<String> values) {
        JobSpecValidator.label(field + ".label", label);
        if (values.isEmpty() || values.size() > JobSpecValidator.MAX_LABELS) {
            throw KelpieException.invalidField(
                    field + ".in", "has " + values.size() + " values", "give 1 to " + JobSpecValidator.MAX_LABELS);
        }
        values.forEach(value -> JobSpecValidator.label(field + ".in", value));
    }

    private static void spread(List<SpreadRule> rules) {
        count("spread", rules.size(), MAX_RULES);
        Set<String> domains = new HashSet<>();
        for (int i = 0; i < rules.size(); i++) {
            String field = at("spread", i);
            JobSpecValidator.label(field + ".by", rules.get(i).getBy());
            range(field + ".maxSkew", rules.get(i).getMaxSkew(), 1, JobSpecValidator.MAX_REPLICAS);
            if (!domains.add(rules.get(i).getBy())) {
                throw KelpieException.invalidField(
                        field + ".by", "another rule spreads by " + rules.get(i).getBy(), "keep one of them");
            }
        }
    }

    private static void affinity(String list, List<AffinityRule> rules) {
        count(list, rules.size(), MAX_RULES);
        Set<String> known = new HashSet<>();
        for (int i = 0; i < rules.size(); i++) {
            AffinityRule rule = rules.get(i);
            JobSpecValidator.name(at(list, i) + ".job", rule.getJob());
            JobSpecValidator.label(at(list, i) + ".by", rule.getBy());
            if (!known.add(pair(rule))) {
                throw KelpieException.invalidField(
                        at(list, i) + ".job",
                        "another rule names job " + rule.getJob() + " by " + rule.getBy(),
                        "keep one of them");
            }
        }
    }

    private static void contradictions(List<AffinityRule> together, List<AffinityRule> apart) {
        Set<String> required = new HashSet<>();
        together.stream()
                .filter(AffinityRule::getRequired)
                .map(PlacementValidator::pair)
                .forEach(required::add);
        for (int i = 0; i < apart.size(); i++) {
            AffinityRule rule = apart.get(i);
            if (rule.getRequired() && required.contains(pair(rule))) {
                throw KelpieException.invalidField(
                        at("antiAffinity", i) + ".job",
                        "affinity requires to be with job " + rule.getJob() + " by " + rule.getBy()
                                + ", and this to be apart from it",
                        "make one of them required: false, or remove it");
            }
        }
    }

    private static String pair(AffinityRule rule) {
        return rule.getJob() + " " + rule.getBy();
    }

    private static void toleration(String field, Toleration toleration) {
        JobSpecValidator.label(field + ".key", toleration.getKey());
        if (!toleration.getValue().isEmpty()) { // empty: any taint without a value, or any taint of the key
            JobSpecValidator.label(field + ".value", toleration.getValue());
        }
    }

    private static void count(String list, int count, int max) {
        if (count > max) {
            throw KelpieException.invalidField(
                    FIELD + list, "has " + count + " entries, the limit is " + max, "give fewer");
        }
    }

    private static void range(String field, int value, int min, int max) {
        JobSpecValidator.range(field, Integer.toUnsignedLong(value), min, max, "");
    }

    private static String at(String list, int index) {
        return FIELD + list + "[" + index + "]";
    }
}
