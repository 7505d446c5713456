package io.kelpie.controller.control;

import io.kelpie.controller.model.NumaNode;
import io.kelpie.controller.model.PageSize;
import io.kelpie.controller.model.PagingMode;
import io.kelpie.controller.model.Taint;
import io.kelpie.controller.scheduling.HostSize;
import io.kelpie.controller.scheduling.HostTraits;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.proto.v1.DeviceCount;
import io.kelpie.proto.v1.HostCapabilities;
import io.kelpie.proto.v1.HostCapacity;
import io.kelpie.proto.v1.HugepageCount;
import io.kelpie.proto.v1.Pool;
import io.kelpie.proto.v1.ProbeResult;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** Hosts as placement sees them. Pure but for what {@link HostEntry} holds; belongs to the control thread. */
final class HostViews {
    private HostViews() {}

    static HostView of(HostEntry host, int startsInFlight) {
        return new HostView(
                host.id(),
                host.name(),
                traits(host),
                size(host),
                host.heldSize(),
                startsInFlight,
                Set.copyOf(host.cachedImages()));
    }

    private static HostTraits traits(HostEntry host) {
        HostCapabilities capabilities = host.capabilities();
        return new HostTraits(
                new TreeMap<>(host.record().getLabelsMap()),
                host.ready,
                host.record().getCordoned(),
                false,
                host.record().getTaintsList().stream()
                        .map(taint -> new Taint(taint.getKey(), taint.getValue()))
                        .toList(),
                capabilities.getKvmProbe().getOutcome() == ProbeResult.Outcome.OUTCOME_VERIFIED,
                switch (capabilities.getPagingMode()) {
                    case PAGING_MODE_EPT -> PagingMode.EPT;
                    case PAGING_MODE_NPT -> PagingMode.NPT;
                    case PAGING_MODE_SHADOW -> PagingMode.SHADOW;
                    case PAGING_MODE_UNSPECIFIED, UNRECOGNIZED -> PagingMode.NONE;
                },
                new HashSet<>(capabilities.getCpuModelsList()),
                host.usableDrivers());
    }

    private static HostSize size(HostEntry host) {
        HostCapacity capacity = host.record().getCapacity();
        SortedMap<String, Integer> devices = new TreeMap<>();
        for (DeviceCount device : capacity.getDevicesList()) {
            devices.merge(device.getKind(), device.getCount(), Math::addExact);
        }
        return new HostSize(
                capacity.getCpus(),
                capacity.getMemoryMib(),
                hugepagesMib(capacity.getHugepagesList()),
                pools(host),
                devices,
                capacity.getNumaNodesList().stream()
                        .map(node -> new NumaNode(
                                node.getCpus(), node.getMemoryMib(), hugepagesMib(node.getHugepagesList())))
                        .toList());
    }

    /** Free space also shrinks by files that are not Kelpie's: no more than what is free can be promised. */
    private static SortedMap<String, Long> pools(HostEntry host) {
        SortedMap<String, Long> pools = new TreeMap<>();
        for (Pool pool : host.pools()) {
            long held = host.heldPoolMib().getOrDefault(pool.getName(), 0L);
            pools.put(pool.getName(), Math.min(pool.getTotalMib(), held + pool.getFreeMib()));
        }
        return pools;
    }

    private static Map<PageSize, Long> hugepagesMib(List<HugepageCount> counts) {
        Map<PageSize, Long> mib = new EnumMap<>(PageSize.class);
        for (HugepageCount count : counts) {
            Shapes.pageSize(count.getSize())
                    .ifPresent(page -> mib.merge(page, count.getCount() * page.mib(), Math::addExact));
        }
        return mib;
    }
}
