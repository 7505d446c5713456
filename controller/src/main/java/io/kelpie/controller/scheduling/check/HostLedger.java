package io.kelpie.controller.scheduling.check;

import io.kelpie.controller.model.NumaNode;
import io.kelpie.controller.model.PageSize;
import io.kelpie.controller.model.VmShape;
import io.kelpie.controller.scheduling.HostSize;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** What a host holds while a plan is replayed; numbers of any size, so that no sum can wrap. Belongs to one thread. */
public final class HostLedger {
    private static final NumaNode NOTHING = new NumaNode(0, 0);

    private final HostView host;
    private final SchedulingPolicy policy;
    private final Map<String, BigInteger> held = new HashMap<>(); // what is not there is as the snapshot says

    public HostLedger(HostView host, SchedulingPolicy policy) {
        this.host = host;
        this.policy = policy;
    }

    /** What is wrong with the VM on these NUMA nodes of the host, a sentence each. */
    public List<String> faults(PlacementRequest request, List<Integer> nodes) {
        List<String> faults = new ArrayList<>(missingPools(request));
        faults.addAll(bindingFaults(request.shape(), nodes));
        for (Claim claim : claims(request, nodes)) {
            BigInteger after = after(claim);
            if (exceeds(after, claim)) {
                faults.add("takes " + claim.what() + " on " + host.name() + " to " + after + " of " + claim.has()
                        + claim.unit());
            }
        }
        return faults;
    }

    /** Whether the host has room for the VM, on whichever of its NUMA nodes. */
    public boolean hasRoom(PlacementRequest request) {
        if (!missingPools(request).isEmpty()) {
            return false;
        }
        for (Claim claim : claims(request, List.of())) {
            if (exceeds(after(claim), claim)) {
                return false;
            }
        }
        int nodes = 0;
        for (int node = 0;
                request.shape().numaNodes() > 0
                        && node < host.size().numaNodes().size();
                node++) {
            boolean fits = nodeClaims(request.shape(), node).stream().noneMatch(claim -> exceeds(after(claim), claim));
            nodes += fits ? 1 : 0;
        }
        return nodes >= request.shape().numaNodes();
    }

    /** From now on the host holds the VM too. */
    public void take(PlacementRequest request, List<Integer> nodes) {
        for (Claim claim : claims(request, nodes)) {
            held.put(claim.what(), after(claim));
        }
    }

    /** What the host has too little of for all of these, as amount and name. */
    List<String> missing(Needs needs) {
        List<String> missing = new ArrayList<>();
        for (Claim claim : claims(needs, needs.poolMib())) {
            if (exceeds(after(claim), claim)) {
                missing.add(
                        after(claim).subtract(BigInteger.valueOf(claim.has())) + claim.unit() + " of " + claim.what());
            }
        }
        missing.addAll(missingOfNumaNodes(needs));
        return missing;
    }

    private List<String> missingOfNumaNodes(Needs needs) {
        BigInteger vcpus = BigInteger.valueOf(-needs.numaVcpus());
        BigInteger memoryMib = BigInteger.valueOf(-needs.numaMemoryMib());
        for (int node = 0; node < host.size().numaNodes().size(); node++) {
            NumaNode has = host.size().numaNodes().get(node);
            NumaNode before = before(node);
            String of = " of NUMA node " + node;
            vcpus = vcpus.add(left("vCPUs" + of, before.cpus(), promisable(has.cpus())));
            memoryMib = memoryMib.add(left("memory" + of, before.memoryMib(), has.memoryMib()));
        }
        List<String> missing = new ArrayList<>();
        if (needs.numaVcpus() > 0 && vcpus.signum() < 0) {
            missing.add(vcpus.negate() + " vCPUs of NUMA nodes");
        }
        if (needs.numaMemoryMib() > 0 && memoryMib.signum() < 0) {
            missing.add(memoryMib.negate() + " MiB of memory of NUMA nodes");
        }
        return missing;
    }

    private NumaNode before(int node) {
        return node < host.held().numaNodes().size() ? host.held().numaNodes().get(node) : NOTHING;
    }

    private BigInteger left(String what, long before, long has) {
        return BigInteger.valueOf(has)
                .subtract(held.getOrDefault(what, BigInteger.valueOf(before)))
                .max(BigInteger.ZERO);
    }

    private BigInteger after(Claim claim) {
        BigInteger now = held.getOrDefault(claim.what(), BigInteger.valueOf(claim.before()));
        return now.add(BigInteger.valueOf(claim.amount()));
    }

    private static boolean exceeds(BigInteger after, Claim claim) {
        return after.compareTo(BigInteger.valueOf(claim.has())) > 0;
    }

    private List<String> missingPools(PlacementRequest request) {
        List<String> faults = new ArrayList<>();
        for (String pool : request.shape().poolMib().keySet()) {
            if (!host.size().poolMib().containsKey(pool)) {
                faults.add("asks for pool " + pool + ", which " + host.name() + " does not have");
            }
        }
        return faults;
    }

    private List<String> bindingFaults(VmShape shape, List<Integer> nodes) {
        List<String> faults = new ArrayList<>();
        if (nodes.size() != shape.numaNodes()) {
            faults.add("asks for " + shape.numaNodes() + " NUMA nodes and is bound to " + nodes);
        }
        Set<Integer> seen = new HashSet<>();
        for (int node : nodes) {
            if (!exists(node)) {
                faults.add("is bound to NUMA node " + node + ", which " + host.name() + " does not have");
            } else if (!seen.add(node)) {
                faults.add("is bound to NUMA node " + node + " twice");
            }
        }
        return faults;
    }

    private boolean exists(int node) {
        return node >= 0 && node < host.size().numaNodes().size();
    }

    private List<Claim> claims(PlacementRequest request, List<Integer> nodes) {
        Needs needs = new Needs();
        needs.add(request);
        List<Claim> claims = claims(needs, poolMib(request));
        if (policy.startsInFlightMax() > 0) {
            claims.add(new Claim("starts in flight", "", 1, host.startsInFlight(), policy.startsInFlightMax()));
        }
        for (int node : new HashSet<>(nodes)) {
            if (exists(node)) {
                claims.addAll(nodeClaims(request.shape(), node));
            }
        }
        return claims;
    }

    /** Of the host as a whole. */
    private List<Claim> claims(Needs needs, Map<String, Long> poolMib) {
        HostSize before = host.held();
        HostSize has = host.size();
        List<Claim> claims = new ArrayList<>();
        claims.add(new Claim("vCPUs", "", needs.vcpus(), before.cpus(), promisable(has.cpus())));
        claims.add(new Claim("memory", " MiB", needs.memoryMib(), before.memoryMib(), has.memoryMib()));
        needs.hugepagesMib()
                .forEach((page, mib) -> claims.add(new Claim(
                        "hugepages of " + page,
                        " MiB",
                        mib,
                        before.hugepagesMib().getOrDefault(page, 0L),
                        has.hugepagesMib().getOrDefault(page, 0L))));
        needs.devices()
                .forEach((kind, count) -> claims.add(new Claim(
                        "devices " + kind,
                        "",
                        count,
                        before.devices().getOrDefault(kind, 0),
                        has.devices().getOrDefault(kind, 0))));
        poolMib.forEach((pool, mib) -> claims.add(new Claim(
                "pool " + pool,
                " MiB",
                mib,
                before.poolMib().getOrDefault(pool, 0L),
                has.poolMib().getOrDefault(pool, 0L))));
        return claims;
    }

    /** What the VM takes of pools that are there: disks that it keeps on the host hold their space already. */
    private Map<String, Long> poolMib(PlacementRequest request) {
        if (request.boundToHost().equals(Optional.of(host.id()))) {
            return Map.of();
        }
        Map<String, Long> there = new TreeMap<>(request.shape().poolMib());
        there.keySet().retainAll(host.size().poolMib().keySet());
        return there;
    }

    /** An equal share of the VM's vCPUs and memory, each rounded up. */
    private List<Claim> nodeClaims(VmShape shape, int node) {
        NumaNode has = host.size().numaNodes().get(node);
        NumaNode before = before(node);
        String of = " of NUMA node " + node;
        List<Claim> claims = new ArrayList<>();
        claims.add(new Claim("vCPUs" + of, "", share(shape.vcpus(), shape), before.cpus(), promisable(has.cpus())));
        claims.add(new Claim(
                "memory" + of, " MiB", share(ordinaryMib(shape), shape), before.memoryMib(), has.memoryMib()));
        shape.hugepages()
                .ifPresent(page -> claims.add(new Claim(
                        "hugepages of " + page + of,
                        " MiB",
                        share(inPagesMib(shape, page), shape),
                        before.hugepagesMib().getOrDefault(page, 0L),
                        has.hugepagesMib().getOrDefault(page, 0L))));
        return claims;
    }

    private long promisable(int cpus) {
        return (long) cpus * policy.vcpuOvercommitPercent() / 100;
    }

    private static long share(long amount, VmShape shape) {
        long shares = Math.max(1, shape.numaNodes());
        return amount / shares + (amount % shares == 0 ? 0 : 1);
    }

    /** QEMU takes 64 MiB, 2 % of the guest's memory rounded up and 8 MiB a vCPU; the guest's own may be in hugepages. */
    static long ordinaryMib(VmShape shape) {
        long guest = shape.guestMemoryMib();
        long qemu = 64 + 8L * shape.vcpus() + guest / 50 + (guest % 50 == 0 ? 0 : 1);
        return shape.hugepages().isPresent() ? qemu : Math.addExact(guest, qemu);
    }

    /** The guest's memory in whole hugepages. */
    static long inPagesMib(VmShape shape, PageSize page) {
        long pages = shape.guestMemoryMib() / page.mib() + (shape.guestMemoryMib() % page.mib() == 0 ? 0 : 1);
        return Math.multiplyExact(pages, page.mib());
    }
}
