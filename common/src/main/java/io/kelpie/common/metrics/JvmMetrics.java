package io.kelpie.common.metrics;

import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.lang.management.ThreadMXBean;

/** Memory, garbage collection and threads of this Java process. */
public final class JvmMetrics {
    private static final double MILLIS_PER_SECOND = 1e3;

    private JvmMetrics() {}

    /** Adds the families {@code jvm_*} and {@code process_start_time_seconds}. */
    public static void register(Metrics metrics) {
        MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
        String used = "Memory in use by the Java process, in bytes";
        metrics.gauge(
                "jvm_memory_used_bytes", used, () -> memory.getHeapMemoryUsage().getUsed(), "area", "heap");
        metrics.gauge(
                "jvm_memory_used_bytes",
                used,
                () -> memory.getNonHeapMemoryUsage().getUsed(),
                "area",
                "nonheap");
        metrics.gauge(
                "jvm_memory_max_bytes",
                "Most heap that the Java process may use, in bytes",
                () -> memory.getHeapMemoryUsage().getMax(),
                "area",
                "heap");
        for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
            metrics.counterOf(
                    "jvm_gc_seconds_total",
                    "Time spent in garbage collection, in seconds",
                    () -> collector.getCollectionTime() / MILLIS_PER_SECOND,
                    "collector",
                    collector.getName());
        }
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        metrics.gauge("jvm_threads", "Live threads of the Java process", threads::getThreadCount);
        double startSeconds = ManagementFactory.getRuntimeMXBean().getStartTime() / MILLIS_PER_SECOND;
        metrics.gauge(
                "process_start_time_seconds", "When the process started, in seconds since 1970", () -> startSeconds);
    }
}
