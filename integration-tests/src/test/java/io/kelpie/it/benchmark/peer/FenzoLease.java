package io.kelpie.it.benchmark.peer;

import com.netflix.fenzo.VirtualMachineLease;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.it.benchmark.churn.ChurnPool;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.mesos.Protos;
import org.jspecify.annotations.Nullable;

/** All that a host has, offered once. It has no attributes: labels are judged by {@link PeerRules}. */
final class FenzoLease implements VirtualMachineLease {
    private final HostView host;
    private final int overcommitPercent;
    private final Map<String, Double> devices = new HashMap<>();

    FenzoLease(HostView host, int overcommitPercent) {
        this.host = host;
        this.overcommitPercent = overcommitPercent;
        host.size().devices().forEach((kind, count) -> devices.put(kind, (double) count));
    }

    @Override
    public String getId() {
        return host.id();
    }

    @Override
    public long getOfferedTime() {
        return 0;
    }

    @Override
    public String hostname() {
        return host.id();
    }

    @Override
    public String getVMID() {
        return host.id();
    }

    @Override
    public double cpuCores() {
        return host.size().cpus() * overcommitPercent / 100.0;
    }

    @Override
    public double memoryMB() {
        return host.size().memoryMib();
    }

    @Override
    public double networkMbps() {
        return 0;
    }

    @Override
    public double diskMB() {
        return host.size().poolMib().getOrDefault(ChurnPool.POOL, 0L);
    }

    @Override
    public List<Range> portRanges() {
        return List.of();
    }

    @Override
    public Protos.@Nullable Offer getOffer() {
        return null;
    }

    @Override
    public Map<String, Protos.Attribute> getAttributeMap() {
        return Collections.emptyMap(); // is asked for null, which Map.of() refuses
    }

    @Override
    public @Nullable Double getScalarValue(String name) {
        return devices.get(name);
    }

    @Override
    public Map<String, Double> getScalarValues() {
        return devices;
    }
}
