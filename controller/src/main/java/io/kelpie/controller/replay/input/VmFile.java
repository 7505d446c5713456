package io.kelpie.controller.replay.input;

import io.kelpie.common.yaml.QuotedText;
import io.kelpie.controller.replay.ReplayVm;
import io.kelpie.controller.replay.Strategy;
import io.kelpie.controller.replay.Trace;
import io.kelpie.controller.replay.TraceVm;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * Reads a trace of VMs: {@code vm,vcpus,memory_gib[,numa_nodes,strategy,group,domain][,arrive_s,lifetime_s]}.
 *
 * <p>Without {@code numa_nodes} no VM has a wish. Groups of different strategies are different groups, even if their names
 * are equal. VMs arrive by {@code arrive_s}, those of one instant in the order of their rows; one with an empty
 * {@code lifetime_s} stays.
 */
public final class VmFile {
    private static final long MAX_SECONDS = 10_000_000_000L;
    private static final int MAX_NUMA_NODES = 2;

    private static final CsvColumns COLUMNS = new CsvColumns(
            List.of("vm", "vcpus", "memory_gib"),
            List.of(List.of("numa_nodes", "strategy", "group", "domain"), List.of("arrive_s", "lifetime_s")));

    private VmFile() {}

    /**
     * @param file its name, for messages
     * @throws BadInputException with the first faults of the file
     */
    public static Trace read(String file, InputStream in) throws IOException, BadInputException {
        VmRows rows = new VmRows();
        new CsvFile(file, in, COLUMNS).read(rows);
        return new Trace(inOrderOfArrival(rows.vms), rows.timed, rows.groupCount);
    }

    private static List<TraceVm> inOrderOfArrival(List<TraceVm> vms) {
        boolean inOrder = true;
        for (int i = 1; i < vms.size() && inOrder; i++) {
            inOrder = vms.get(i - 1).arrivesMillis() <= vms.get(i).arrivesMillis();
        }
        if (inOrder) {
            return vms;
        }
        vms.sort(Comparator.comparingLong(TraceVm::arrivesMillis)); // stable: rows of one instant keep their order
        for (int i = 0; i < vms.size(); i++) {
            TraceVm vm = vms.get(i);
            vms.set(i, new TraceVm(at(i, vm.vm()), vm.arrivesMillis(), vm.leavesMillis()));
        }
        return vms;
    }

    private static ReplayVm at(int index, ReplayVm vm) {
        return new ReplayVm(
                index, vm.name(), vm.vcpus(), vm.memoryMib(), vm.numaNodes(), vm.strategy(), vm.group(), vm.domain());
    }

    private record Membership(Strategy strategy, int group, int domain) {
        static final Membership NONE = new Membership(Strategy.NONE, ReplayVm.NO_GROUP, ReplayVm.NO_DOMAIN);
    }

    private record Times(long arrivesMillis, long leavesMillis) {
        static final Times NONE = new Times(0, TraceVm.NEVER);
    }

    private static final class VmRows implements CsvFile.Rows {
        private final List<TraceVm> vms = new ArrayList<>();
        private final Map<String, Long> lines = new HashMap<>();
        private final Map<Strategy, Map<String, Integer>> groups = new EnumMap<>(Strategy.class);
        private final Map<String, Integer> domains = new HashMap<>();
        private int groupCount;
        private boolean placed;
        private boolean timed;

        @Override
        public void header(CsvRow row) {
            placed = row.has("strategy");
            timed = row.has("arrive_s");
        }

        @Override
        public void row(CsvRow row) {
            Optional<String> name = row.name("vm");
            if (name.isPresent()) {
                Long first = lines.putIfAbsent(name.get(), row.line());
                if (first != null) {
                    row.problem("vm", QuotedText.of(name.get()) + " is on line " + first + " too", "rename one");
                }
            }
            OptionalInt vcpus = row.wholeNumber("vcpus", 1, HostFile.MAX_VCPUS);
            OptionalLong memoryMib = row.memoryMib("memory_gib", 1, HostFile.MAX_MEMORY_GIB);
            OptionalInt numaNodes = placed ? row.wholeNumber("numa_nodes", 1, MAX_NUMA_NODES) : OptionalInt.of(0);
            Optional<Membership> membership = placed ? membership(row) : Optional.of(Membership.NONE);
            Optional<Times> times = timed ? times(row) : Optional.of(Times.NONE);
            boolean whole = name.isPresent()
                    && vcpus.isPresent()
                    && memoryMib.isPresent()
                    && numaNodes.isPresent()
                    && membership.isPresent()
                    && times.isPresent();
            if (!whole || !splitsEvenly(row, vcpus.getAsInt(), memoryMib.getAsLong(), numaNodes.getAsInt())) {
                return; // told
            }
            ReplayVm vm = new ReplayVm(
                    vms.size(),
                    name.get(),
                    vcpus.getAsInt(),
                    memoryMib.getAsLong(),
                    numaNodes.getAsInt(),
                    membership.get().strategy(),
                    membership.get().group(),
                    membership.get().domain());
            vms.add(new TraceVm(vm, times.get().arrivesMillis(), times.get().leavesMillis()));
        }

        private static boolean splitsEvenly(CsvRow row, int vcpus, long memoryMib, int numaNodes) {
            if (numaNodes == 0) {
                return true;
            }
            if (vcpus % numaNodes != 0) {
                row.problem("vcpus", vcpus + " vCPUs do not split evenly over 2 NUMA nodes", "write an even number");
            }
            if (memoryMib % numaNodes != 0) {
                row.problem(
                        "memory_gib",
                        memoryMib + " MiB do not split evenly over 2 NUMA nodes",
                        "write a multiple of 2 MiB");
            }
            return vcpus % numaNodes == 0 && memoryMib % numaNodes == 0;
        }

        private Optional<Membership> membership(CsvRow row) {
            Optional<Strategy> strategy = row.word("strategy", Strategy.words()).flatMap(Strategy::of);
            if (strategy.isEmpty()) {
                return Optional.empty();
            }
            return switch (strategy.get()) {
                case NONE -> {
                    boolean noGroup = isAbsent(row, "group", strategy.get());
                    boolean noDomain = isAbsent(row, "domain", strategy.get());
                    yield noGroup && noDomain ? Optional.of(Membership.NONE) : Optional.empty();
                }
                case AFFINITY, ANTI_AFFINITY ->
                    isAbsent(row, "domain", strategy.get())
                            ? row.name("group").map(group -> member(strategy.get(), group, ReplayVm.NO_DOMAIN))
                            : Optional.empty();
                case FAULT_DOMAIN -> {
                    Optional<String> group = row.name("group");
                    Optional<String> domain = row.name("domain");
                    yield group.isPresent() && domain.isPresent()
                            ? Optional.of(member(
                                    strategy.get(),
                                    group.get(),
                                    domains.computeIfAbsent(domain.get(), unused -> domains.size())))
                            : Optional.empty();
                }
            };
        }

        private Membership member(Strategy strategy, String group, int domain) {
            int number = groups.computeIfAbsent(strategy, unused -> new HashMap<>())
                    .computeIfAbsent(group, unused -> groupCount++);
            return new Membership(strategy, number, domain);
        }

        private static boolean isAbsent(CsvRow row, String column, Strategy strategy) {
            if (row.isEmpty(column)) {
                return true;
            }
            row.problem(column, "strategy " + strategy.word() + " has no " + column, "leave the cell empty");
            return false;
        }

        private static Optional<Times> times(CsvRow row) {
            OptionalLong arrives = row.seconds("arrive_s", 0, MAX_SECONDS);
            OptionalLong lifetime = row.isEmpty("lifetime_s")
                    ? OptionalLong.of(TraceVm.NEVER)
                    : row.seconds("lifetime_s", 1, MAX_SECONDS);
            if (arrives.isEmpty() || lifetime.isEmpty()) {
                return Optional.empty();
            }
            long leaves =
                    lifetime.getAsLong() == TraceVm.NEVER ? TraceVm.NEVER : arrives.getAsLong() + lifetime.getAsLong();
            return Optional.of(new Times(arrives.getAsLong(), leaves));
        }
    }
}
