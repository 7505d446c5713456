package io.kelpie.controller.scheduling.filter;

import java.util.List;

/** The rules of placement. */
public final class Filters {
    /**
     * All of them, in the order of evaluation: a host counts under the first that removes it. What an operator has to
     * change by hand comes before what changes by itself.
     */
    public static final List<Filter> ALL = List.of(
            HostStateFilter.READY,
            HostStateFilter.CORDON,
            HostStateFilter.DRAIN,
            new TaintFilter(),
            new LabelsFilter(),
            new DiskLocationFilter(),
            new DriverFilter(),
            new AccelerationFilter(),
            new PagingFilter(),
            new CpuModelFilter(),
            new VcpuFilter(),
            new MemoryFilter(),
            new HugepagesFilter(),
            new NumaFilter(),
            new DiskSpaceFilter(),
            new DevicesFilter(),
            new AffinityFilter(),
            new AntiAffinityFilter(),
            new PartitionFilter(),
            new RefusedLatelyFilter(),
            new StartsInFlightFilter(),
            new NPlusOneFilter(),
            new SpreadFilter());

    private Filters() {}
}
