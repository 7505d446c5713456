package io.kelpie.cli.view;

import io.kelpie.cli.output.Ages;
import io.kelpie.cli.output.CleanText;
import io.kelpie.cli.output.Column;
import io.kelpie.cli.output.Table;
import io.kelpie.proto.v1.BackupPlace;
import io.kelpie.proto.v1.Decision;
import io.kelpie.proto.v1.ExplainVmResponse;
import io.kelpie.proto.v1.HostScore;
import io.kelpie.proto.v1.QueuePlace;
import io.kelpie.proto.v1.Reservation;
import io.kelpie.proto.v1.RuleOutcome;
import io.kelpie.proto.v1.ScorePart;
import io.kelpie.proto.v1.Vm;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Why a VM is where it is, or nowhere. */
public final class DecisionView {
    private DecisionView() {}

    /** The answer of {@code explain}. */
    public static List<String> explanation(ExplainVmResponse explained, long nowMillis) {
        Vm vm = explained.getVm();
        Sections text = new Sections();
        text.pair("vm", vm.getRecord().getNamespace() + "/" + vm.getName());
        text.pair("state", VmPhrases.state(vm));
        if (!vm.getHostName().isEmpty()) {
            text.pair("host", vm.getHostName());
        }
        if (explained.hasBackup()) {
            text.pair("backup", backup(explained.getBackup()));
        }
        if (explained.hasQueue()) {
            text.pair("queue", queue(explained.getQueue()));
        }
        if (explained.hasAsks()) {
            text.pair("asks", asks(explained.getAsks()));
            text.pair("memory", memoryArithmetic(explained));
        }
        if (explained.hasDecision()) {
            text.pair("decision", decision(explained.getDecision(), nowMillis));
        } else {
            text.pair("decision", "none yet");
        }
        text.pairIfAny("next", explained.getNext());
        List<String> lines = new ArrayList<>(text.lines());
        lines.addAll(details(explained.getDecision()));
        if (explained.getPastDecisionsCount() > 0) {
            lines.add("");
            lines.add("before that:");
            explained.getPastDecisionsList().forEach(past -> lines.add("  " + pastDecision(past, nowMillis)));
        }
        if (explained.hasLiveDecision()) {
            Decision live = explained.getLiveDecision();
            lines.add("");
            lines.add("if it were decided on now: " + choice(live) + ", " + considered(live));
            lines.addAll(details(live));
        }
        return lines;
    }

    /** The host that keeps room for it, or why none does. */
    private static String backup(BackupPlace backup) {
        String host = backup.getHostName().isEmpty() ? backup.getHostId() : backup.getHostName();
        return host.isEmpty() ? "none: " + backup.getReason() : host;
    }

    /** How many come before it, and what it waits for if that is not its turn. */
    private static String queue(QueuePlace queue) {
        return (queue.getAhead() == 0 ? "no VM" : Phrases.vms(queue.getAhead())) + " ahead of it, "
                + queue.getVms() + " in the queue"
                + switch (queue.getState()) {
                    case STATE_BLOCKED -> "; it is passed over until something changes that could help it";
                    case STATE_WAITING -> "; it is passed over for a time";
                    case STATE_READY, STATE_UNSPECIFIED, UNRECOGNIZED -> "";
                };
    }

    private static List<String> details(Decision decision) {
        List<String> lines = new ArrayList<>();
        if (!decision.getWhy().isEmpty()) {
            lines.add("");
            lines.add("why: " + CleanText.line(decision.getWhy()));
        }
        if (decision.getBestCount() > 0) {
            lines.add("");
            lines.addAll(scores(decision));
        }
        if (decision.getRulesCount() > 0) {
            lines.add("");
            lines.addAll(rejections(decision));
        }
        if (decision.hasSmallestFix()) {
            lines.add("");
            lines.add("smallest fix: on "
                    + CleanText.line(decision.getSmallestFix().getHostName()) + ": "
                    + CleanText.line(
                            String.join("; and ", decision.getSmallestFix().getChangesList())));
        }
        return lines;
    }

    /** The hosts that passed, the best first, with what speaks against each. */
    private static List<String> scores(Decision decision) {
        List<Column<HostScore>> columns = new ArrayList<>(List.of(
                Column.of("BEST HOSTS", HostScore::getHostName),
                Column.of("COST", score -> points(score.getCostHundredths()))));
        decision.getBestList().stream()
                .flatMap(score -> score.getPartsList().stream())
                .map(ScorePart::getName)
                .distinct()
                .forEach(part -> columns.add(Column.of(part.toUpperCase(Locale.ROOT), score -> cost(score, part))));
        return new Table<>(columns, true, true, false).lines(decision.getBestList());
    }

    private static String cost(HostScore score, String part) {
        return score.getPartsList().stream()
                .filter(each -> each.getName().equals(part))
                .map(each -> points(each.getCostHundredths()))
                .findFirst()
                .orElse("-");
    }

    private static String points(long hundredths) {
        return String.format(Locale.ROOT, "%d.%02d", hundredths / 100, hundredths % 100);
    }

    private static String pastDecision(Decision past, long nowMillis) {
        boolean placed = !past.getHostId().isEmpty();
        return CleanText.line(decision(past, nowMillis) + (placed ? "" : ": " + rulesInShort(past)));
    }

    /** The rules that removed hosts, by name; a dash if none did. */
    static String rulesInShort(Decision decision) {
        return Phrases.orDash(decision.getRulesList().stream()
                .map(rule -> rule.getRule() + " (" + rule.getHostsRemoved() + ")")
                .collect(Collectors.joining(", ")));
    }

    /** A row per rule that removed a host. */
    public static List<String> rejections(Decision decision) {
        List<Column<RuleOutcome>> columns = List.of(
                Column.of("RULE", RuleOutcome::getRule),
                Column.number("HOSTS REMOVED", rule -> (long) rule.getHostsRemoved()),
                Column.of("NEAREST", rule -> Phrases.orDash(rule.getNearestHost())),
                Column.of("ASKED", rule -> Phrases.orDash(rule.getAsked())),
                Column.of("FREE", rule -> Phrases.orDash(rule.getFree())),
                Column.of("SHORTFALL", rule -> Phrases.orDash(rule.getShortfall())),
                Column.of("FIX", rule -> Phrases.orDash(rule.getFix())));
        return new Table<>(columns, true, true, false).lines(decision.getRulesList());
    }

    /** When, how many hosts were looked at, and which was chosen. */
    static String decision(Decision decision, long nowMillis) {
        return choice(decision) + ", " + considered(decision) + ", " + Ages.between(decision.getAtMillis(), nowMillis)
                + " ago";
    }

    private static String choice(Decision decision) {
        String name = decision.getHostName().isEmpty() ? decision.getHostId() : decision.getHostName();
        return name.isEmpty() ? "none can take it" : "chose " + name + " (score " + decision.getScore() + ")";
    }

    private static String considered(Decision decision) {
        return decision.getHostsConsidered() == 1
                ? "1 host considered"
                : decision.getHostsConsidered() + " hosts considered";
    }

    static String asks(Reservation asks) {
        String pools = asks.getPoolsList().stream()
                .map(pool -> ", " + Phrases.memory(pool.getSizeMib()) + " of pool " + pool.getPool())
                .collect(Collectors.joining());
        return asks.getVcpus() + (asks.getVcpus() == 1 ? " vCPU, " : " vCPUs, ") + asks.getMemoryMib() + " MiB memory"
                + pools;
    }

    /** Where the memory that is asked of a host comes from. */
    static String memoryArithmetic(ExplainVmResponse explained) {
        long guest = explained.getGuestMemoryMib();
        long all = explained.getAsks().getMemoryMib();
        int vcpus = explained.getAsks().getVcpus();
        long perVcpu = 8L * vcpus;
        long twoPercent = (guest + 49) / 50;
        if (guest + 64 + twoPercent + perVcpu != all) {
            return all + " MiB = " + guest + " MiB guest + " + (all - guest) + " MiB of QEMU's own";
        }
        return all + " MiB = " + guest + " MiB guest + 64 MiB QEMU + " + twoPercent + " MiB (2 % of the guest) + "
                + perVcpu + " MiB (8 MiB a vCPU)";
    }
}
