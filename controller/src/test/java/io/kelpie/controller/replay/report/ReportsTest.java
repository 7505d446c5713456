package io.kelpie.controller.replay.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.common.time.TimeSource;
import io.kelpie.controller.replay.ReplayChecker;
import io.kelpie.controller.replay.ReplayOutcome;
import io.kelpie.controller.replay.ReplayPool;
import io.kelpie.controller.replay.ReplayReport;
import io.kelpie.controller.replay.ReplayRun;
import io.kelpie.controller.replay.Trace;
import io.kelpie.controller.replay.Traces;
import io.kelpie.controller.replay.baseline.ScanPlacements;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

class ReportsTest {
    private static final Trace TRACE = Traces.timed("a,2,4,0,7200", "b,1,2,1.5,", "c,16,4,3600,5", "d,1,1,14400,1");

    @Test
    void jsonHasExactlyTheKeysOfTheContract() {
        assertThat(ReportJson.of(report(TRACE, OptionalInt.empty())))
                .matches("\\{\"placed\":3,\"rejected\":\\{\"vcpu\":1},\"hostsUsed\":1,\"peakHostsUsed\":1,"
                        + "\"decisionsPerSecond\":\\d+,\"p50Micros\":\\d+\\.\\d\\d,\"p99Micros\":\\d+\\.\\d\\d,"
                        + "\"violations\":0}");
    }

    @Test
    void jsonTellsTheFewestHostsIfTheyWereSought() {
        assertThat(ReportJson.of(report(TRACE, OptionalInt.of(7)))).contains(",\"peakHostsUsed\":1,\"minHosts\":7,\"");
    }

    @Test
    void theTableHasALineForEachFigure() {
        assertThat(ReportTable.of(report(TRACE, OptionalInt.of(7))))
                .startsWith("VMS                      4\nPLACED                   3\nREJECTED                 1\n"
                        + "  by vcpu                1\n")
                .contains("FEWEST HOSTS             7\n")
                .endsWith("VIOLATIONS               0\n");
    }

    @Test
    void theSeriesTellsUsageAfterEachArrival() {
        assertThat(SeriesCsv.of(report(TRACE, OptionalInt.empty())))
                .isEqualTo("time_s,arrived,vms,vcpus_used,vcpus_percent,memory_used_gib,memory_percent,hosts_used\n"
                        + "0.000,1,1,2,25.00,4.000,25.00,1\n"
                        + "1.500,2,2,3,37.50,6.000,37.50,1\n"
                        + "3600.000,3,2,3,37.50,6.000,37.50,1\n"
                        + "14400.000,4,2,2,25.00,3.000,18.75,1\n");
    }

    @Test
    void theSeriesOfATraceWithoutTimesHasNone() {
        assertThat(SeriesCsv.of(report(Traces.plain("a,2,4"), OptionalInt.empty())))
                .isEqualTo("arrived,vms,vcpus_used,vcpus_percent,memory_used_gib,memory_percent,hosts_used\n"
                        + "1,1,2,25.00,4.000,25.00,1\n");
    }

    @Test
    void theDrawingIsXmlThatNeedsNothingElseAndNamesWhatItShows() throws Exception {
        String svg = UsageSvg.of(report(TRACE, OptionalInt.empty()));
        Document document =
                DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new InputSource(new StringReader(svg)));

        assertThat(document.getDocumentElement().getNodeName()).isEqualTo("svg");
        assertThat(texts(document))
                .contains("vCPUs", "memory", "hosts in use", "taken of the pool, %")
                .contains("time since the begin of the trace, hours", "100")
                .contains("3 of 4 VMs placed on 1 of 1 hosts, at most 1 in use at once");
        assertThat(svg).doesNotContain("href", "url(", "<script", "NaN", "Infinity");
    }

    @Test
    void theDrawingOfATraceWithoutTimesCountsArrivals() {
        assertThat(UsageSvg.of(report(Traces.plain("a,2,4"), OptionalInt.empty())))
                .contains(">VMs that have arrived<")
                .doesNotContain("NaN", "Infinity");
    }

    private static List<String> texts(Document document) {
        NodeList nodes = document.getElementsByTagName("text");
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < nodes.getLength(); i++) {
            texts.add(nodes.item(i).getTextContent());
        }
        return texts;
    }

    /** On one host of 8 vCPUs and 16 GiB. */
    private static ReplayReport report(Trace trace, OptionalInt minHosts) {
        ReplayPool pool = Traces.hostsOf(8);
        ReplayOutcome outcome = ReplayRun.whole(
                pool, trace, Traces.PACK, ScanPlacements.factory(ScanPlacements.Choice.FIRST_FIT), TimeSource.system());
        return new ReplayReport(
                pool,
                trace,
                outcome,
                minHosts,
                ReplayChecker.check(pool, trace, Traces.PACK.overhead(), outcome.log()));
    }
}
