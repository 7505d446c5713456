package io.kelpie.controller.scheduling.filter;

import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.Demand;
import io.kelpie.controller.scheduling.engine.HostTable;
import java.util.ArrayList;
import java.util.List;

/** Every device asked for must be free; a host that lacks fewer is nearer. */
final class DevicesFilter implements Filter {
    @Override
    public String rule() {
        return "devices";
    }

    @Override
    public boolean concerns(Ask ask) {
        return ask.demand().deviceCount() > 0;
    }

    @Override
    public long distance(HostTable hosts, int host, Ask ask) {
        long missing = 0;
        Demand demand = ask.demand();
        for (int i = 0; i < demand.deviceCount(); i++) {
            missing += Math.max(0, demand.devices(i) - hosts.freeDevices(host, demand.device(i)));
        }
        return missing;
    }

    @Override
    public boolean bars(HostTable hosts, int host, Ask ask) {
        Demand demand = ask.demand();
        for (int i = 0; i < demand.deviceCount(); i++) {
            if (demand.devices(i) > hosts.view(host).size().devices().getOrDefault(demand.deviceKind(i), 0)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public Rejection rejection(HostTable hosts, int host, Ask ask) {
        String name = hosts.view(host).name();
        Demand demand = ask.demand();
        List<String> asked = new ArrayList<>();
        List<String> free = new ArrayList<>();
        for (int i = 0; i < demand.deviceCount(); i++) {
            int has = Math.max(0, hosts.freeDevices(host, demand.device(i)));
            if (has < demand.devices(i)) {
                asked.add(demand.devices(i) + " " + demand.deviceKind(i));
                free.add(has + " of " + hosts.view(host).size().devices().getOrDefault(demand.deviceKind(i), 0));
            }
        }
        return Rejection.of(
                name,
                String.join(", ", asked),
                String.join(", ", free),
                Long.toString(distance(hosts, host, ask)),
                "free devices on " + name + ", or name more in the agent's configuration of a host");
    }
}
