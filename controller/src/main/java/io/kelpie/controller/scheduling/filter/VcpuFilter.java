package io.kelpie.controller.scheduling.filter;

import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.HostTable;

/** vCPUs may be promised up to the overcommit ratio. */
final class VcpuFilter implements Filter {
    @Override
    public String rule() {
        return "vcpu";
    }

    @Override
    public boolean concerns(Ask ask) {
        return true;
    }

    @Override
    public long distance(HostTable hosts, int host, Ask ask) {
        return Math.max(0, ask.reservation().vcpus() - hosts.freeVcpus(host));
    }

    @Override
    public boolean bars(HostTable hosts, int host, Ask ask) {
        return ask.reservation().vcpus() > hosts.vcpuCapacity(host);
    }

    @Override
    public Rejection rejection(HostTable hosts, int host, Ask ask) {
        HostView view = hosts.view(host);
        int asked = ask.reservation().vcpus();
        long free = Math.max(0, hosts.freeVcpus(host));
        long capacity = hosts.vcpuCapacity(host);
        String shortfall = vcpus(distance(hosts, host, ask));
        String more = capacity >= asked
                ? "free " + shortfall + " on " + view.name()
                : "add a host that can promise " + vcpus(asked);
        return Rejection.of(
                view.name(),
                vcpus(asked),
                vcpus(free) + " of " + capacity,
                shortfall,
                free > 0 ? "lower spec.vm.vcpus to " + free + " or " + more : more);
    }

    private static String vcpus(long count) {
        return count == 1 ? "1 vCPU" : count + " vCPUs";
    }
}
