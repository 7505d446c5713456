package io.kelpie.controller.scheduling.filter;

import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.Domains;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.engine.JobTerms.Affinity;

/** Where a required affinity names a job, that job has a VM in the host's domain; the first VM of a job may go first. */
final class AffinityFilter implements Filter {
    @Override
    public String rule() {
        return "affinity";
    }

    @Override
    public boolean concerns(Ask ask) {
        for (int i = 0; i < ask.terms().affinity().size(); i++) {
            if (ask.terms().affinity().get(i).required()) {
                return true;
            }
        }
        return false;
    }

    @Override
    public long distance(HostTable hosts, int host, Ask ask) {
        long missing = 0;
        for (int i = 0; i < ask.terms().affinity().size(); i++) {
            missing += isMet(host, ask.terms().affinity().get(i)) ? 0 : 1;
        }
        return missing;
    }

    private static boolean isMet(int host, Affinity affinity) {
        if (!affinity.required()) {
            return true;
        }
        int domain = affinity.census().domainOf(host);
        if (domain == Domains.NONE) {
            return false;
        }
        return affinity.census().count(domain) > 0 || (affinity.self() && affinity.isFirst());
    }

    @Override
    public Rejection rejection(HostTable hosts, int host, Ask ask) {
        String name = hosts.view(host).name();
        Affinity unmet = ask.terms().affinity().stream()
                .filter(affinity -> !isMet(host, affinity))
                .findFirst()
                .orElseThrow();
        String by = unmet.census().by();
        int domain = unmet.census().domainOf(host);
        return Rejection.of(
                name,
                "a " + by + " with a VM of job " + unmet.job().name(),
                domain == Domains.NONE
                        ? name + " has no label " + by
                        : by + " " + unmet.census().nameOf(domain, hosts) + " has none",
                "",
                "make room where job " + unmet.job().name()
                        + " runs, or set required: false in spec.placement.affinity");
    }
}
