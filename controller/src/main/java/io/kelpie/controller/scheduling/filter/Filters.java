package io.kelpie.controller.scheduling.filter;

import java.util.List;

/** The rules of placement. */
public final class Filters {
    /**
     * All of them, in the order of evaluation: a host counts under the first that removes it. What an operator has to
     * change by hand comes before what changes by itself.
     */
    public static final List<Filter> ALL = List.of(
            new HostReadyFilter(),
            new CordonFilter(),
            new LabelsFilter(),
            new DiskLocationFilter(),
            new DriverFilter(),
            new AccelerationFilter(),
            new PagingFilter(),
            new VcpuFilter(),
            new MemoryFilter(),
            new DiskSpaceFilter(),
            new RefusedLatelyFilter());

    private Filters() {}
}
