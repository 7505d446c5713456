package io.kelpie.controller.scheduling.check;

import io.kelpie.controller.model.PartitionRule;
import io.kelpie.controller.model.SpreadRule;
import io.kelpie.controller.scheduling.HostView;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Where the VMs of one job are. Counts are made when they are first asked for. Belongs to one thread. */
final class JobBook {
    private record Member(HostView host, int ordinal) {}

    private final List<Member> members = new ArrayList<>();
    private final Map<String, Map<String, Integer>> counts = new HashMap<>(); // by kind of domain
    private final Map<PartitionRule, Map<String, Set<Integer>>> partitions = new HashMap<>();

    /** The domain of a host; empty if it lacks the label. */
    static Optional<String> domain(HostView host, String by) {
        return by.equals(SpreadRule.HOST)
                ? Optional.of(host.id())
                : Optional.ofNullable(host.traits().labels().get(by));
    }

    /** A VM of the job is on a host. */
    void add(HostView host, int ordinal) {
        Member member = new Member(host, ordinal);
        members.add(member);
        counts.forEach((by, count) -> count(member, by, count));
        partitions.forEach((rule, there) -> divide(member, rule, there));
    }

    boolean isEmpty() {
        return members.isEmpty();
    }

    /** Its VMs by domain; domains without any are left out. Changes as VMs are added. */
    Map<String, Integer> counts(String by) {
        return counts.computeIfAbsent(by, any -> {
            Map<String, Integer> count = new HashMap<>();
            members.forEach(member -> count(member, by, count));
            return count;
        });
    }

    private static void count(Member member, String by, Map<String, Integer> count) {
        domain(member.host(), by).ifPresent(domain -> count.merge(domain, 1, Integer::sum));
    }

    /** Which partitions have VMs in a domain. */
    Set<Integer> partitions(PartitionRule rule, String domain) {
        return partitions
                .computeIfAbsent(rule, any -> {
                    Map<String, Set<Integer>> there = new HashMap<>();
                    members.forEach(member -> divide(member, rule, there));
                    return there;
                })
                .getOrDefault(domain, Set.of());
    }

    private static void divide(Member member, PartitionRule rule, Map<String, Set<Integer>> there) {
        domain(member.host(), rule.by())
                .ifPresent(domain ->
                        there.computeIfAbsent(domain, any -> new HashSet<>()).add(member.ordinal() % rule.count()));
    }
}
