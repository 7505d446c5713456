package io.kelpie.it.simulation;

import io.kelpie.proto.v1.AffinityRule;
import io.kelpie.proto.v1.HostRecord;
import io.kelpie.proto.v1.JobRecord;
import io.kelpie.proto.v1.Placement;
import io.kelpie.proto.v1.VmRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The required rules of a job about its own VMs hold at every instant, and no VM is on a host whose taint it does not tolerate. */
final class PlacementRulesHold implements Checker {
    private final Violations violations;

    PlacementRulesHold(Violations violations) {
        this.violations = violations;
    }

    @Override
    public void stored(StoreView store) {
        for (JobRecord job : store.jobs().values()) {
            Placement placement = job.getSpec().getPlacement();
            List<VmRecord> members = new ArrayList<>();
            for (VmRecord vm : store.vms().values()) {
                if (vm.getJobUid().equals(job.getJobUid()) && store.hosts().containsKey(vm.getHostId())) {
                    members.add(vm);
                    taints(placement, vm, store.hosts());
                }
            }
            for (int i = 0; i < members.size(); i++) {
                for (int k = 0; k < i; k++) {
                    pair(placement, members.get(i), members.get(k), store.hosts());
                }
            }
        }
    }

    private void pair(Placement placement, VmRecord one, VmRecord other, Map<String, HostRecord> hosts) {
        for (AffinityRule rule : placement.getAntiAffinityList()) {
            if (sameDomain(rule.getBy(), one, other, hosts)) {
                broken("is not apart from", one, other, rule.getBy());
            }
        }
        for (AffinityRule rule : placement.getAffinityList()) {
            if (!sameDomain(rule.getBy(), one, other, hosts)) {
                broken("is not beside", one, other, rule.getBy());
            }
        }
        if (placement.hasPartitions()) {
            int count = placement.getPartitions().getCount();
            String by = placement.getPartitions().getBy();
            if (one.getOrdinal() % count != other.getOrdinal() % count && sameDomain(by, one, other, hosts)) {
                broken("shares a domain with another partition's", one, other, by);
            }
        }
    }

    private void taints(Placement placement, VmRecord vm, Map<String, HostRecord> hosts) {
        HostRecord host = host(vm, hosts);
        if (host.getTaintsCount() > 0 && placement.getTolerationsCount() == 0) {
            violations.found(this, vm.getJob() + "-" + vm.getOrdinal() + " is on tainted " + host.getName());
        }
    }

    private static boolean sameDomain(String by, VmRecord one, VmRecord other, Map<String, HostRecord> hosts) {
        return domain(by, host(one, hosts)).equals(domain(by, host(other, hosts)));
    }

    private static String domain(String by, HostRecord host) {
        return by.equals("host") ? host.getHostId() : host.getLabelsOrThrow(by);
    }

    private static HostRecord host(VmRecord vm, Map<String, HostRecord> hosts) {
        HostRecord host = hosts.get(vm.getHostId());
        if (host == null) {
            throw new IllegalStateException("no host of " + vm.getVmId());
        }
        return host;
    }

    private void broken(String how, VmRecord one, VmRecord other, String by) {
        violations.found(
                this,
                one.getJob() + "-" + one.getOrdinal() + " on " + one.getHostId() + " " + how + " " + other.getOrdinal()
                        + " on " + other.getHostId() + " by " + by);
    }
}
