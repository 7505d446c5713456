package io.kelpie.controller.scheduling.filter;

import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.Census;
import io.kelpie.controller.scheduling.engine.Domains;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.engine.JobTerms.Affinity;
import java.util.List;

/**
 * No VM of a job that a required anti-affinity names is in the host's domain, nor one that keeps away from this job
 * itself: the rule binds both sides, whoever came first.
 */
final class AntiAffinityFilter implements Filter {
    @Override
    public String rule() {
        return "anti-affinity";
    }

    @Override
    public boolean concerns(Ask ask) {
        if (!ask.repelledBy().isEmpty()) {
            return true;
        }
        for (int i = 0; i < ask.terms().antiAffinity().size(); i++) {
            if (ask.terms().antiAffinity().get(i).required()) {
                return true;
            }
        }
        return false;
    }

    @Override
    public long distance(HostTable hosts, int host, Ask ask) {
        long near = 0;
        for (int i = 0; i < ask.terms().antiAffinity().size(); i++) {
            Affinity rule = ask.terms().antiAffinity().get(i);
            near += rule.required() ? count(rule.census(), host) : 0;
        }
        List<Census> repelledBy = ask.repelledBy();
        for (int i = 0; i < repelledBy.size(); i++) {
            near += count(repelledBy.get(i), host);
        }
        return near;
    }

    private static int count(Census census, int host) {
        int domain = census.domainOf(host);
        return domain == Domains.NONE ? 0 : census.count(domain);
    }

    @Override
    public boolean bars(HostTable hosts, int host, Ask ask) {
        for (int i = 0; i < ask.terms().antiAffinity().size(); i++) {
            Affinity rule = ask.terms().antiAffinity().get(i);
            if (rule.required() && rule.census().countElsewhere(host) > 0) {
                return true;
            }
        }
        List<Census> repelledBy = ask.repelledBy();
        for (int i = 0; i < repelledBy.size(); i++) {
            if (repelledBy.get(i).countElsewhere(host) > 0) {
                return true;
            }
        }
        return false;
    }

    @Override
    public Rejection rejection(HostTable hosts, int host, Ask ask) {
        String name = hosts.view(host).name();
        for (Affinity rule : ask.terms().antiAffinity()) {
            if (rule.required() && count(rule.census(), host) > 0) {
                String by = rule.census().by();
                return Rejection.of(
                        name,
                        "a " + by + " without VMs of job " + rule.job().name(),
                        where(rule.census(), host, hosts) + " has " + count(rule.census(), host),
                        Long.toString(distance(hosts, host, ask)),
                        "add a " + by + ", or set required: false in spec.placement.antiAffinity");
            }
        }
        Census census = ask.repelledBy().stream()
                .filter(repelling -> count(repelling, host) > 0)
                .findFirst()
                .orElseThrow();
        return Rejection.of(
                name,
                "a " + census.by() + " without VMs of a job that keeps away from this one",
                where(census, host, hosts) + " has " + count(census, host),
                Long.toString(distance(hosts, host, ask)),
                "add a " + census.by() + ", or change spec.placement.antiAffinity of that job");
    }

    private static String where(Census census, int host, HostTable hosts) {
        return census.by() + " " + census.nameOf(census.domainOf(host), hosts);
    }
}
