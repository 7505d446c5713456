package io.kelpie.cli.view;

import io.kelpie.cli.output.Column;
import io.kelpie.cli.output.Table;
import io.kelpie.proto.v1.CapacityDomain;
import io.kelpie.proto.v1.Decision;
import io.kelpie.proto.v1.GetCapacityResponse;
import io.kelpie.proto.v1.RuleOutcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** How many VMs of a kind fit. */
public final class CapacityView {
    private CapacityView() {}

    /**
     * The counts, those of each domain, and what keeps one more out.
     *
     * @param by what tells domains apart
     */
    public static List<String> lines(String flavor, String by, GetCapacityResponse capacity) {
        List<String> lines = new ArrayList<>();
        String hosts = capacity.getHosts() == 1 ? "1 host" : capacity.getHosts() + " hosts";
        Sections text = new Sections();
        text.pair("flavor", flavor);
        text.pair("fits now", capacity.getFitsNow() + ", on " + hosts);
        if (capacity.getLostCount() > 0) {
            text.pair("lost", by + " " + String.join(", ", capacity.getLostList()));
            text.pair(
                    "their VMs",
                    capacity.getRestarted() + " restarted elsewhere, " + capacity.getStranded() + " without a place, "
                            + capacity.getGone() + " gone with their hosts");
            text.pair("fits then", capacity.getFitsAfterLoss());
        }
        text.pairIfAny("limited by", capacity.getLimitingRule());
        lines.addAll(text.lines());
        if (capacity.getDomainsCount() > 0) {
            lines.add("");
            lines.addAll(new Table<>(columns(by, capacity.getLostCount() > 0), true, true, false)
                    .lines(capacity.getDomainsList()));
        }
        if (capacity.getRulesCount() > 0) {
            lines.add("");
            lines.add("why one more does not fit now:");
            lines.addAll(DecisionView.rejections(
                    Decision.newBuilder().addAllRules(capacity.getRulesList()).build()));
        }
        return lines;
    }

    private static List<Column<CapacityDomain>> columns(String by, boolean loss) {
        List<Column<CapacityDomain>> columns = new ArrayList<>(List.of(
                Column.of(by.toUpperCase(Locale.ROOT), domain -> Phrases.orDash(domain.getName())),
                Column.number("HOSTS", domain -> (long) domain.getHosts()),
                Column.number("FITS NOW", domain -> (long) domain.getFitsNow())));
        if (loss) {
            columns.add(Column.number("FITS THEN", domain -> (long) domain.getFitsAfterLoss()));
        }
        return columns;
    }

    /** The next step if none fits. */
    public static String firstFix(GetCapacityResponse capacity) {
        return capacity.getRulesList().stream()
                .filter(rule -> rule.getRule().equals(capacity.getLimitingRule()))
                .map(RuleOutcome::getFix)
                .filter(fix -> !fix.isEmpty())
                .findFirst()
                .orElse("see what there is with: kelpie get hosts");
    }
}
