package io.kelpie.controller.scheduling;

import io.kelpie.controller.model.AccelerationMode;
import io.kelpie.controller.model.DriverKind;
import io.kelpie.controller.model.LabelRequirement;
import io.kelpie.controller.model.PagingMode;
import io.kelpie.controller.model.PagingRequirement;
import io.kelpie.controller.model.VmShape;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Verifies a plan before it is committed, by code that shares nothing with the {@link Scheduler}: it replays the
 * decisions and adds up anew what each host would hold. Costs time in proportion to the decisions, not to the hosts.
 * Pure; safe for use by any thread.
 */
public final class PlanChecker {
    private final SchedulingPolicy policy;
    private final Map<String, Ledger> ledgers = new HashMap<>();
    private final List<String> violations = new ArrayList<>();

    private PlanChecker(ClusterSnapshot snapshot, SchedulingPolicy policy) {
        this.policy = policy;
        snapshot.hosts().forEach(host -> ledgers.put(host.id(), new Ledger(host)));
    }

    /** What is wrong with the plan, a sentence each; empty if it can be committed. */
    public static List<String> check(
            ClusterSnapshot snapshot, List<PlacementRequest> requests, SchedulingPolicy policy, Plan plan) {
        if (plan.decisions().size() != requests.size()) {
            return List.of(
                    requests.size() + " requests have " + plan.decisions().size() + " decisions");
        }
        PlanChecker checker = new PlanChecker(snapshot, policy);
        Set<Object> seen = new HashSet<>();
        for (int i = 0; i < requests.size(); i++) {
            PlacementRequest request = requests.get(i);
            Decision decision = plan.decisions().get(i);
            if (!decision.vmId().equals(request.vmId())) {
                checker.violations.add("decision " + i + " is for VM " + decision.vmId() + ", its request is for VM "
                        + request.vmId());
            } else if (!seen.add(request.vmId())) {
                checker.violations.add("VM " + request.vmId() + " is decided on twice");
            } else {
                checker.check(request, decision, snapshot.hosts().size());
            }
        }
        return List.copyOf(checker.violations);
    }

    private void check(PlacementRequest request, Decision decision, int hosts) {
        Complaints complaints = new Complaints(request);
        checkCounts(decision, hosts, complaints);
        Optional<String> hostId = decision.host();
        if (hostId.isEmpty()) {
            return;
        }
        Ledger ledger = ledgers.get(hostId.get());
        if (ledger == null) {
            complaints.add("is placed on host " + hostId.get() + ", which the snapshot does not have");
            return;
        }
        checkHost(request, ledger.host, complaints);
        ledger.place(request, policy, complaints);
    }

    private static void checkCounts(Decision decision, int hosts, Complaints complaints) {
        int removed = 0;
        for (RuleOutcome rule : decision.rules()) {
            if (rule.hostsRemoved() <= 0) {
                complaints.add("has a row of rule " + rule.rule() + " that removed no host");
            }
            removed += rule.hostsRemoved();
        }
        if (decision.hostsConsidered() != hosts) {
            complaints.add("was decided on with " + decision.hostsConsidered() + " hosts of " + hosts);
        }
        if (decision.host().isEmpty() ? removed != hosts : removed >= hosts) {
            complaints.add("has rules that removed " + removed + " of " + hosts + " hosts, and is "
                    + (decision.host().isEmpty() ? "not placed" : "placed"));
        }
        if (decision.score() < 0 || decision.score() > 100) {
            complaints.add("has a score of " + decision.score());
        }
    }

    private static void checkHost(PlacementRequest request, HostView host, Complaints complaints) {
        VmShape shape = request.shape();
        if (!host.ready()) {
            complaints.add("is placed on " + host.name() + ", which is not ready");
        }
        if (host.cordoned()) {
            complaints.add("is placed on " + host.name() + ", which is cordoned");
        }
        for (LabelRequirement wanted : shape.require()) {
            String value = host.labels().get(wanted.label());
            if (value == null || wanted.in().stream().noneMatch(value::equals)) {
                complaints.add("is placed on " + host.name() + ", whose label " + wanted.label() + " is " + value);
            }
        }
        request.boundToHost().ifPresent(home -> {
            if (!home.equals(host.id())) {
                complaints.add("is placed on " + host.name() + ", its disk " + request.boundDisk() + " is on " + home);
            }
        });
        if (host.drivers().stream().noneMatch(driver -> canRun(driver, shape))) {
            complaints.add("is placed on " + host.name() + ", which has no fitting driver");
        }
        if (shape.acceleration() == AccelerationMode.KVM) {
            if (!host.kvmVerified()) {
                complaints.add("is placed on " + host.name() + ", where KVM is not verified");
            }
            boolean hardware = host.pagingMode() == PagingMode.EPT || host.pagingMode() == PagingMode.NPT;
            if (shape.paging() == PagingRequirement.HARDWARE && !hardware) {
                complaints.add("is placed on " + host.name() + ", which has no hardware paging");
            }
        }
        if (request.avoidedHosts().contains(host.id())) {
            complaints.add("is placed on " + host.name() + ", which refused it lately");
        }
    }

    private static boolean canRun(DriverKind driver, VmShape shape) {
        return shape.driver().isEmpty()
                ? driver != DriverKind.FAKE
                : shape.driver().get() == driver;
    }

    /** Says which VM a violation is about. */
    private final class Complaints {
        private final PlacementRequest request;

        Complaints(PlacementRequest request) {
            this.request = request;
        }

        void add(String what) {
            violations.add("VM " + request.vmId() + " " + what);
        }
    }

    /** What a host holds while the plan is replayed; numbers of any size, so that no sum can wrap. */
    private static final class Ledger {
        private final HostView host;
        private BigInteger vcpus;
        private BigInteger memoryMib;
        private final Map<String, BigInteger> poolMib = new HashMap<>();

        Ledger(HostView host) {
            this.host = host;
            vcpus = BigInteger.valueOf(host.usedVcpus());
            memoryMib = BigInteger.valueOf(host.usedMemoryMib());
            host.usedPoolMib().forEach((pool, used) -> poolMib.put(pool, BigInteger.valueOf(used)));
        }

        void place(PlacementRequest request, SchedulingPolicy policy, Complaints complaints) {
            VmShape shape = request.shape();
            vcpus = vcpus.add(BigInteger.valueOf(shape.vcpus()));
            BigInteger promised = vcpus.multiply(BigInteger.valueOf(100));
            BigInteger mayPromise =
                    BigInteger.valueOf(host.cpus()).multiply(BigInteger.valueOf(policy.vcpuOvercommitPercent()));
            if (promised.compareTo(mayPromise) > 0) {
                complaints.add("makes " + vcpus + " vCPUs on " + host.name() + ", which has " + host.cpus()
                        + " CPUs and may promise " + policy.vcpuOvercommitPercent() + " %");
            }
            memoryMib = memoryMib.add(hypervisorMemoryMib(shape));
            if (memoryMib.compareTo(BigInteger.valueOf(host.memoryMib())) > 0) {
                complaints.add("makes " + memoryMib + " MiB of memory on " + host.name() + ", which has "
                        + host.memoryMib() + " MiB");
            }
            boolean held = request.boundToHost().filter(host.id()::equals).isPresent();
            shape.poolMib().forEach((pool, mib) -> {
                Long total = host.pools().get(pool);
                if (total == null) {
                    complaints.add("asks for pool " + pool + ", which " + host.name() + " does not have");
                } else if (!held) {
                    BigInteger used = poolMib.merge(pool, BigInteger.valueOf(mib), BigInteger::add);
                    if (used.compareTo(BigInteger.valueOf(total)) > 0) {
                        complaints.add("makes " + used + " MiB in pool " + pool + " of " + host.name() + ", which has "
                                + total + " MiB");
                    }
                }
            });
        }

        /** The guest's memory, 64 MiB, 2 % rounded up and 8 MiB a vCPU. */
        private static BigInteger hypervisorMemoryMib(VmShape shape) {
            BigInteger guest = BigInteger.valueOf(shape.guestMemoryMib());
            BigInteger[] twoPercent = guest.multiply(BigInteger.TWO).divideAndRemainder(BigInteger.valueOf(100));
            BigInteger roundedUp = twoPercent[1].signum() > 0 ? twoPercent[0].add(BigInteger.ONE) : twoPercent[0];
            return guest.add(roundedUp).add(BigInteger.valueOf(64 + 8L * shape.vcpus()));
        }
    }
}
