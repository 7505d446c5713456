package io.kelpie.controller.scheduling.filter;

import io.kelpie.controller.model.LabelRequirement;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.HostTable;
import java.util.ArrayList;
import java.util.List;

/** The host must have every label asked for; one with fewer wrong labels is nearer. */
final class LabelsFilter implements Filter {
    @Override
    public String rule() {
        return "labels";
    }

    @Override
    public Scope scope() {
        return Scope.TRAITS;
    }

    @Override
    public boolean concerns(Ask ask) {
        return !ask.demand().require().isEmpty();
    }

    @Override
    public long distance(HostTable hosts, int host, Ask ask) {
        List<LabelRequirement> require = ask.demand().require();
        long wrong = 0;
        for (int i = 0; i < require.size(); i++) {
            if (!satisfies(hosts.view(host), require.get(i))) {
                wrong++;
            }
        }
        return wrong;
    }

    @Override
    public Rejection rejection(HostTable hosts, int host, Ask ask) {
        HostView view = hosts.view(host);
        List<String> asked = new ArrayList<>();
        List<String> has = new ArrayList<>();
        List<String> set = new ArrayList<>();
        for (LabelRequirement requirement : ask.demand().require()) {
            if (!satisfies(view, requirement)) {
                String label = requirement.label();
                asked.add(label + " in [" + String.join(", ", requirement.in()) + "]");
                String value = view.traits().labels().get(label);
                has.add(value == null ? "no label " + label : label + "=" + value);
                if (!requirement.in().isEmpty()) {
                    set.add(label + "=" + requirement.in().get(0));
                }
            }
        }
        return Rejection.of(
                view.name(),
                String.join(" and ", asked),
                String.join(", ", has),
                "",
                set.isEmpty()
                        ? "name the values that are allowed in spec.placement.require"
                        : "label a host " + String.join(" ", set) + ", e.g. " + view.name()
                                + ", or change spec.placement.require");
    }

    private static boolean satisfies(HostView view, LabelRequirement requirement) {
        String value = view.traits().labels().get(requirement.label());
        return value != null && requirement.in().contains(value);
    }
}
