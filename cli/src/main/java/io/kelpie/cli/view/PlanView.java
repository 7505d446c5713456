package io.kelpie.cli.view;

import io.kelpie.cli.output.Column;
import io.kelpie.cli.output.Table;
import io.kelpie.proto.v1.Decision;
import io.kelpie.proto.v1.PlanJobResponse;
import io.kelpie.proto.v1.PlannedVm;
import io.kelpie.proto.v1.RuleOutcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** What applying a job would do. */
public final class PlanView {
    private PlanView() {}

    /** A summary, a row per VM that looks for a place, and why the first one without a place has none. */
    public static List<String> lines(String job, PlanJobResponse plan) {
        List<String> lines = new ArrayList<>();
        lines.add("job/" + job + " " + done(plan) + ": " + summary(plan));
        if (plan.getPlacedCount() == 0) {
            return lines;
        }
        lines.add("");
        lines.addAll(new Table<>(columns(), true, true, false).lines(plan.getPlacedList()));
        rejected(plan).ifPresent(vm -> {
            lines.add("");
            lines.add("why " + vm.getName() + " would find no place:");
            lines.addAll(DecisionView.rejections(vm.getDecision()));
        });
        return lines;
    }

    private static String done(PlanJobResponse plan) {
        return switch (plan.getOutcome()) {
            case OUTCOME_CREATED -> "would be created";
            case OUTCOME_UPDATED -> "would be updated";
            case OUTCOME_UNCHANGED -> "is unchanged";
            case OUTCOME_UNSPECIFIED, UNRECOGNIZED -> "would be applied";
        };
    }

    private static String summary(PlanJobResponse plan) {
        List<String> parts = new ArrayList<>();
        long without = withoutPlace(plan);
        parts.add(Phrases.vms(plan.getPlacedCount() - without) + " placed");
        if (without > 0) {
            parts.add(without + " without a place");
        }
        parts.add(plan.getUnchanged() + " unchanged"
                + (plan.getOutdated() > 0 ? " (" + plan.getOutdated() + " with an earlier spec)" : ""));
        if (plan.getRemoved() > 0) {
            parts.add(plan.getRemoved() + " removed");
        }
        return String.join(", ", parts);
    }

    private static List<Column<PlannedVm>> columns() {
        return List.of(
                Column.of("VM", PlannedVm::getName),
                Column.of("HOST", vm -> Phrases.orDash(vm.getDecision().getHostName())),
                Column.of(
                        "SCORE",
                        vm -> has(vm) ? Integer.toString(vm.getDecision().getScore()) : "-"),
                Column.of("NOTE", vm -> has(vm) ? preempted(vm) : DecisionView.rulesInShort(vm.getDecision())));
    }

    private static boolean has(PlannedVm vm) {
        return !vm.getDecision().getHostId().isEmpty();
    }

    private static String preempted(PlannedVm vm) {
        return vm.getPreemptedCount() == 0
                ? "-"
                : "instead of "
                        + vm.getPreemptedList().stream()
                                .map(victim -> victim.getNamespace() + "/" + victim.getName())
                                .collect(Collectors.joining(", "));
    }

    /** How many VMs would find no place. */
    public static long withoutPlace(PlanJobResponse plan) {
        return plan.getPlacedList().stream().filter(vm -> !has(vm)).count();
    }

    private static Optional<PlannedVm> rejected(PlanJobResponse plan) {
        return plan.getPlacedList().stream().filter(vm -> !has(vm)).findFirst();
    }

    /** The next step for the first VM without a place. */
    public static String firstFix(PlanJobResponse plan) {
        return rejected(plan)
                .map(PlannedVm::getDecision)
                .map(Decision::getRulesList)
                .flatMap(rules -> rules.stream()
                        .map(RuleOutcome::getFix)
                        .filter(fix -> !fix.isEmpty())
                        .findFirst())
                .orElse("see what there is with: kelpie get hosts");
    }
}
