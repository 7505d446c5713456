package io.kelpie.controller.replay.report;

import io.kelpie.controller.replay.ReplayHost;
import io.kelpie.controller.replay.ReplayReport;
import io.kelpie.controller.replay.Usage;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * A drawing of two panels over one axis of time, or of arrivals if the trace tells no times: the share of the pool's vCPUs
 * and memory that is taken, and the hosts in use. Self-contained SVG.
 */
public final class UsageSvg {
    private static final int WIDTH = 960;
    private static final int HEIGHT = 600;
    private static final int LEFT = 84;
    private static final int RIGHT = 24;
    private static final int PLOT_WIDTH = WIDTH - LEFT - RIGHT;
    private static final int PLOT_HEIGHT = 190;
    private static final int UPPER_TOP = 88;
    private static final int LOWER_TOP = 342;
    private static final String VCPU_COLOUR = "#0072b2";
    private static final String MEMORY_COLOUR = "#d55e00";
    private static final String HOSTS_COLOUR = "#00795c";
    private static final int MILLIS_PER_SECOND = 1000;

    private final StringBuilder svg = new StringBuilder();
    private final List<Usage> points;
    private final ToDoubleFunction<Usage> time;
    private final Ticks xTicks;

    private UsageSvg(ReplayReport report) {
        points = report.outcome().series().points();
        boolean timed = report.trace().timed();
        time = timed ? usage -> (double) usage.timeMillis() / MILLIS_PER_SECOND : Usage::arrived;
        double end = points.isEmpty() ? 1 : time.applyAsDouble(points.get(points.size() - 1));
        xTicks = timed ? Ticks.time(end) : Ticks.counts(end, "VMs that have arrived");
    }

    /** The whole file. */
    public static String of(ReplayReport report) {
        return new UsageSvg(report).draw(report);
    }

    private String draw(ReplayReport report) {
        double vcpus =
                report.pool().hosts().stream().mapToLong(ReplayHost::vcpus).sum();
        double memoryMib =
                report.pool().hosts().stream().mapToLong(ReplayHost::memoryMib).sum();
        int hosts = report.pool().hosts().size();
        svg.append(format(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\""
                        + " font-family=\"system-ui, sans-serif\" font-size=\"13\" fill=\"#222\" role=\"img\">\n",
                WIDTH, HEIGHT, WIDTH, HEIGHT));
        svg.append("<title>Usage of the pool and hosts in use</title>\n");
        svg.append(format("<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", WIDTH, HEIGHT));
        String summary = format(
                "%,d of %,d VMs placed on %,d of %,d hosts, at most %,d in use at once",
                report.outcome().placed(),
                report.trace().vms().size(),
                report.outcome().hostsUsed(),
                hosts,
                report.outcome().peakHostsUsed());
        text(LEFT, 32, "start", "font-size=\"17\" font-weight=\"600\"", summary);

        Ticks percent = new Ticks(List.of(0.0, 20.0, 40.0, 60.0, 80.0, 100.0), 1, "");
        axes(UPPER_TOP, percent, "taken of the pool, %");
        line(UPPER_TOP, percent, VCPU_COLOUR, usage -> 100 * usage.vcpus() / vcpus);
        line(UPPER_TOP, percent, MEMORY_COLOUR, usage -> 100 * usage.memoryMib() / memoryMib);
        legend(LEFT, UPPER_TOP, VCPU_COLOUR, "vCPUs");
        legend(LEFT + 90, UPPER_TOP, MEMORY_COLOUR, "memory");

        Ticks counts = Ticks.counts(Math.max(1, report.outcome().peakHostsUsed()), "");
        axes(LOWER_TOP, counts, "hosts in use");
        line(LOWER_TOP, counts, HOSTS_COLOUR, Usage::hosts);
        legend(LEFT, LOWER_TOP, HOSTS_COLOUR, "hosts in use");
        int bottom = LOWER_TOP + PLOT_HEIGHT;
        text(LEFT + PLOT_WIDTH / 2, bottom + 44, "middle", "", timeLabel(report));
        return svg.append("</svg>\n").toString();
    }

    private String timeLabel(ReplayReport report) {
        return report.trace().timed() ? "time since the begin of the trace, " + xTicks.unit() : xTicks.unit();
    }

    private void axes(int top, Ticks yTicks, String label) {
        int bottom = top + PLOT_HEIGHT;
        for (double value : yTicks.values()) {
            double y = y(top, yTicks, value);
            svg.append(format(
                    "<path d=\"M%d %.1fH%d\" stroke=\"%s\"/>\n",
                    LEFT, y, LEFT + PLOT_WIDTH, value == 0 ? "#222" : "#ddd"));
            text(LEFT - 8, y + 4, "end", "", yTicks.label(value));
        }
        for (double value : xTicks.values()) {
            double x = x(value);
            svg.append(format("<path d=\"M%.1f %dv5\" stroke=\"#222\"/>\n", x, bottom));
            text(x, bottom + 20, "middle", "", xTicks.label(value));
        }
        int middle = top + PLOT_HEIGHT / 2;
        text(22, middle, "middle", format("transform=\"rotate(-90 22 %d)\"", middle), label);
    }

    /** A value holds until the next point. */
    private void line(int top, Ticks yTicks, String colour, ToDoubleFunction<Usage> value) {
        if (points.isEmpty()) {
            return;
        }
        svg.append("<path fill=\"none\" stroke=\"")
                .append(colour)
                .append("\" stroke-width=\"1.6\" stroke-linejoin=\"round\" d=\"");
        boolean first = true;
        for (Usage point : points) {
            double x = x(time.applyAsDouble(point));
            double y = y(top, yTicks, value.applyAsDouble(point));
            svg.append(first ? format("M%.1f %.1f", x, y) : format("H%.1fV%.1f", x, y));
            first = false;
        }
        svg.append("\"/>\n");
    }

    private void legend(int x, int top, String colour, String label) {
        svg.append(format("<path d=\"M%d %dh22\" stroke=\"%s\" stroke-width=\"3\"/>\n", x, top - 18, colour));
        text(x + 28, top - 14, "start", "", label);
    }

    private void text(double x, double y, String anchor, String attributes, String content) {
        svg.append(format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" ", x, y, anchor))
                .append(attributes)
                .append('>')
                .append(content)
                .append("</text>\n");
    }

    private double x(double value) {
        return LEFT + PLOT_WIDTH * value / xTicks.max();
    }

    private static double y(int top, Ticks ticks, double value) {
        return top + PLOT_HEIGHT * (1 - value / ticks.max());
    }

    private static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }
}
