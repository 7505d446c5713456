package io.kelpie.controller.scheduling.check;

import static io.kelpie.controller.scheduling.check.JobBook.domain;

import io.kelpie.controller.model.AffinityRule;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.model.PartitionRule;
import io.kelpie.controller.model.PlacementRules;
import io.kelpie.controller.model.SpreadRule;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.InstanceView;
import io.kelpie.controller.scheduling.PlacementRequest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which VMs of which jobs are where while a plan is replayed, and the rules about them: affinity, anti-affinity and
 * partitions. Knows the VMs of the jobs that the requests look at. Belongs to one thread.
 */
public final class Neighbours {
    private final Map<JobKey, JobBook> books = new HashMap<>();
    /** Which job is kept away from which domains, by kind of domain, and by whom. */
    private final Map<JobKey, Map<String, Map<String, JobKey>>> keptAway = new HashMap<>();

    /**
     * @param requests all that will be asked about
     */
    public Neighbours(List<PlacementRequest> requests) {
        for (PlacementRequest request : requests) {
            books.computeIfAbsent(request.job(), any -> new JobBook());
            for (AffinityRule rule : request.rules().affinity()) {
                books.computeIfAbsent(rule.job(), any -> new JobBook());
            }
            for (AffinityRule rule : request.rules().antiAffinity()) {
                books.computeIfAbsent(rule.job(), any -> new JobBook());
            }
        }
    }

    /** Whether a request can be told anything by an instance. */
    public boolean concern(InstanceView instance) {
        if (books.containsKey(instance.job())) {
            return true;
        }
        for (AffinityRule rule : instance.rules().antiAffinity()) {
            if (keepsAway(instance.job(), rule)) {
                return true;
            }
        }
        return false;
    }

    /** Whether a rule of a job's VM keeps VMs away that a request may be for. */
    private boolean keepsAway(JobKey job, AffinityRule rule) {
        return rule.required() && !rule.job().equals(job) && books.containsKey(rule.job());
    }

    /** A VM is on a host. */
    public void add(JobKey job, int ordinal, PlacementRules rules, HostView host) {
        for (AffinityRule rule : rules.antiAffinity()) {
            if (keepsAway(job, rule)) {
                domain(host, rule.by())
                        .ifPresent(domain -> keptAway.computeIfAbsent(rule.job(), any -> new HashMap<>())
                                .computeIfAbsent(rule.by(), any -> new HashMap<>())
                                .put(domain, job));
            }
        }
        JobBook book = books.get(job);
        if (book != null) {
            book.add(host, ordinal);
        }
    }

    /** The job's VMs by domain; domains without any are left out. Changes as VMs are added. */
    Map<String, Integer> counts(JobKey job, String by) {
        return book(job).counts(by);
    }

    private JobBook book(JobKey job) {
        JobBook book = books.get(job);
        if (book == null) {
            throw new IllegalArgumentException("no request looks at job " + job);
        }
        return book;
    }

    /** What is wrong with the VM on the host, a sentence each. */
    public List<String> faults(PlacementRequest request, HostView host) {
        List<String> faults = new ArrayList<>();
        for (AffinityRule rule : request.rules().affinity()) {
            if (rule.required()) {
                addAffinity(request, rule, host, faults);
            }
        }
        for (AffinityRule rule : request.rules().antiAffinity()) {
            Optional<String> domain = domain(host, rule.by());
            if (rule.required()
                    && domain.isPresent()
                    && counts(rule.job(), rule.by()).containsKey(domain.get())) {
                faults.add("is placed on " + where(host, rule.by()) + " has a VM of job " + rule.job()
                        + ", which it keeps away from");
            }
        }
        addKeptAway(request.job(), host, faults);
        request.rules().partitions().ifPresent(rule -> addPartitions(request, rule, host, faults));
        return faults;
    }

    private void addAffinity(PlacementRequest request, AffinityRule rule, HostView host, List<String> faults) {
        Optional<String> domain = domain(host, rule.by());
        boolean isFirst = rule.job().equals(request.job()) && book(rule.job()).isEmpty();
        if (domain.isEmpty()) {
            faults.add(lacksLabel(host, rule.by()));
        } else if (!isFirst && !counts(rule.job(), rule.by()).containsKey(domain.get())) {
            faults.add("is placed on " + where(host, rule.by()) + " has no VM of job " + rule.job()
                    + ", which it has to be near to");
        }
    }

    private void addKeptAway(JobKey job, HostView host, List<String> faults) {
        keptAway.getOrDefault(job, Map.of()).forEach((by, domains) -> {
            Optional<String> domain = domain(host, by);
            if (domain.isPresent() && domains.containsKey(domain.get())) {
                faults.add("is placed on " + where(host, by) + " has a VM of job " + domains.get(domain.get())
                        + ", which keeps away from it");
            }
        });
    }

    private void addPartitions(PlacementRequest request, PartitionRule rule, HostView host, List<String> faults) {
        Optional<String> domain = domain(host, rule.by());
        if (domain.isEmpty()) {
            faults.add(lacksLabel(host, rule.by()));
            return;
        }
        int own = request.ordinal() % rule.count();
        Set<Integer> others = new TreeSet<>(book(request.job()).partitions(rule, domain.get()));
        others.remove(own);
        for (int other : others) {
            faults.add("is placed on " + where(host, rule.by()) + " has a VM of partition " + other
                    + ", it is in partition " + own);
        }
    }

    static String lacksLabel(HostView host, String by) {
        return "is placed on " + host.name() + ", which has no label " + by;
    }

    /** Begins a clause on the host's domain. */
    static String where(HostView host, String by) {
        return by.equals(SpreadRule.HOST)
                ? host.name() + ", which"
                : host.name() + ", whose " + by + " " + host.traits().labels().get(by);
    }
}
