package io.kelpie.controller.scheduling.filter;

import io.kelpie.controller.model.Taint;
import io.kelpie.controller.model.Toleration;
import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.HostTable;
import java.util.ArrayList;
import java.util.List;

/** Every taint of the host must be tolerated; a host with fewer others is nearer. */
final class TaintFilter implements Filter {
    @Override
    public String rule() {
        return "taints";
    }

    @Override
    public Scope scope() {
        return Scope.TRAITS;
    }

    @Override
    public boolean concerns(Ask ask) {
        return true;
    }

    @Override
    public long distance(HostTable hosts, int host, Ask ask) {
        List<Taint> taints = hosts.view(host).traits().taints();
        long others = 0;
        for (int i = 0; i < taints.size(); i++) {
            others += isTolerated(taints.get(i), ask) ? 0 : 1;
        }
        return others;
    }

    private static boolean isTolerated(Taint taint, Ask ask) {
        List<Toleration> tolerations = ask.demand().tolerations();
        for (int i = 0; i < tolerations.size(); i++) {
            if (tolerations.get(i).tolerates(taint)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public Rejection rejection(HostTable hosts, int host, Ask ask) {
        String name = hosts.view(host).name();
        List<String> others = new ArrayList<>();
        for (Taint taint : hosts.view(host).traits().taints()) {
            if (!isTolerated(taint, ask)) {
                others.add(taint.toString());
            }
        }
        String taints = String.join(", ", others);
        return Rejection.of(
                name,
                "no taint that the job does not tolerate",
                name + " has " + taints,
                "",
                "tolerate " + taints + " in spec.placement.tolerations, or remove it from the agent's configuration of "
                        + name);
    }
}
