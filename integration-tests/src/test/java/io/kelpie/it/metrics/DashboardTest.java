package io.kelpie.it.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.kelpie.it.metrics.Dashboard.Panel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What every dashboard must be, whatever it shows. */
class DashboardTest {
    private static final String DATA_SOURCE = "${datasource}";

    /** Families that count up, by their suffixes. */
    private static final Pattern COUNTER = Pattern.compile("\\w+_(?:total|bucket|count|sum)\\b");

    private static final Pattern RATE = Pattern.compile("(?:rate|increase)\\((\\w+)(?:\\{[^}]*})?\\[([^]]+)]\\)");

    static List<Dashboard> dashboards() throws IOException {
        return Dashboard.all();
    }

    @Test
    void thereAreDashboards() throws IOException {
        assertThat(Dashboard.all())
                .isNotEmpty()
                .allSatisfy(dashboard -> assertThat(dashboard.panels()).isNotEmpty());
    }

    @ParameterizedTest
    @MethodSource("dashboards")
    void theDataSourceIsAVariable(Dashboard dashboard) {
        assertThat(Dashboard.children(dashboard.root().at("/templating/list"))).anySatisfy(variable -> {
            assertThat(variable.path("name").asText()).isEqualTo("datasource");
            assertThat(variable.path("type").asText()).isEqualTo("datasource");
            assertThat(variable.path("query").asText()).isEqualTo("prometheus");
        });
        assertThat(dashboard.panels()).allSatisfy(panel -> {
            assertThat(panel.node().at("/datasource/uid").asText()).isEqualTo(DATA_SOURCE);
            assertThat(Dashboard.children(panel.node().path("targets")))
                    .allSatisfy(target ->
                            assertThat(target.at("/datasource/uid").asText()).isEqualTo(DATA_SOURCE));
        });
    }

    @ParameterizedTest
    @MethodSource("dashboards")
    void everyPanelSaysWhatItShowsAndInWhichUnit(Dashboard dashboard) {
        assertThat(dashboard.root().path("title").asText()).isNotBlank();
        assertThat(dashboard.root().path("uid").asText()).isNotBlank();
        assertThat(dashboard.panels()).allSatisfy(panel -> {
            assertThat(panel.title()).isNotBlank();
            assertThat(panel.node().path("description").asText())
                    .as("description")
                    .endsWith(".");
            assertThat(panel.node().at("/fieldConfig/defaults/unit").asText())
                    .as("unit")
                    .isNotBlank();
            assertThat(panel.expressions())
                    .isNotEmpty()
                    .allSatisfy(expression -> assertThat(expression).isNotBlank());
        });
        assertThat(dashboard.panels()).extracting(Panel::title).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @MethodSource("dashboards")
    void whatCountsUpIsShownAsARateOverTheScrapeInterval(Dashboard dashboard) {
        for (Panel panel : dashboard.panels()) {
            for (String expression : panel.expressions()) {
                Matcher rate = RATE.matcher(expression);
                while (rate.find()) {
                    assertThat(rate.group(1)).as(expression).matches(COUNTER);
                    assertThat(rate.group(2)).as(expression).isEqualTo("$__rate_interval");
                }
                assertThat(COUNTER.matcher(RATE.matcher(expression).replaceAll(""))
                                .find())
                        .as("%s: a counter outside of rate() in %s", panel, expression)
                        .isFalse();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("dashboards")
    void panelsHaveAnIdEachAndDoNotOverlap(Dashboard dashboard) {
        List<JsonNode> all = Dashboard.children(dashboard.root().path("panels")).toList();
        assertThat(all).extracting(panel -> panel.path("id").asInt()).doesNotHaveDuplicates();
        List<String> taken = new ArrayList<>();
        for (JsonNode panel : all) {
            JsonNode place = panel.path("gridPos");
            int right = place.path("x").asInt() + place.path("w").asInt();
            assertThat(right).as(panel.path("title").asText()).isBetween(1, 24);
            for (int x = place.path("x").asInt(); x < right; x++) {
                for (int y = 0; y < place.path("h").asInt(); y++) {
                    taken.add(x + "/" + (place.path("y").asInt() + y));
                }
            }
        }
        assertThat(taken).doesNotHaveDuplicates();
    }
}
