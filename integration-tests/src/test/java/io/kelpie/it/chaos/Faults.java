package io.kelpie.it.chaos;

import io.kelpie.it.cluster.Processes;
import io.kelpie.it.cluster.ServerProcess;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Makes faults for a cluster as it is now, by a seeded choice. */
final class Faults {
    private static final List<Integer> STOP_SECONDS = List.of(5, 5, 5, 20, 20, 60);
    /** Every other time it is the leader that is hit. */
    private static final double LEADER_SHARE = 0.5;

    private static final List<String> CLOCKS = List.of("+3600s", "-3600s");

    private final TestCluster cluster;
    private final Random random;

    Faults(TestCluster cluster, Random random) {
        this.cluster = cluster;
        this.random = random;
    }

    /** A fault of the kind that leaves these nodes alone; empty if there is none now. */
    Optional<Fault> make(FaultKind kind, Set<String> taken) {
        return switch (kind) {
            case CONTROLLER_KILL -> controller(taken).map(node -> kill(kind, node));
            case CONTROLLER_STOP -> controller(taken).map(node -> stop(kind, node));
            case CONTROLLER_CUT_FROM_ZOOKEEPER ->
                controller(taken).map(node -> cut(kind, node, cluster.nodes("z"), seconds(5, 40)));
            case CONTROLLER_DISK_FULL -> controller(taken).map(node -> diskFull(kind, node));
            case CONTROLLER_CLOCK -> controller(taken).map(node -> clock(kind, node));
            case ZOOKEEPER_KILL -> zooKeeper(taken).map(node -> kill(kind, node));
            case ZOOKEEPER_STOP -> zooKeeper(taken).map(node -> stop(kind, node));
            case ZOOKEEPER_CUT_FROM_ALL -> zooKeeper(taken).map(node -> cut(kind, node, allBut(node), seconds(5, 40)));
            case ZOOKEEPER_QUORUM_STOP -> quorumStop(kind, taken);
            case AGENT_KILL -> host(taken).map(node -> kill(kind, node));
            case AGENT_STOP -> host(taken).map(node -> stop(kind, node));
            case AGENT_CUT_FROM_ALL -> host(taken).map(node -> cut(kind, node, allBut(node), seconds(5, 40)));
            case AGENT_CUT_FROM_CONTROLLER -> host(taken).map(node -> cut(kind, node, leaderOrAny(), seconds(5, 40)));
            case AGENT_DISK_FULL -> host(taken).map(node -> diskFull(kind, node));
            case AGENT_CLOCK -> host(taken).map(node -> clock(kind, node));
            case QEMU_KILL -> processes(kind, "qemu", taken);
            case QEMU_STOP -> processes(kind, "qemu", taken);
            case GUARD_KILL -> processes(kind, "guard", taken);
        };
    }

    private long seconds(int least, int most) {
        return 1_000L * (least + random.nextInt(most - least + 1));
    }

    private Optional<String> controller(Set<String> taken) {
        Optional<String> leader = random.nextDouble() < LEADER_SHARE ? cluster.leader() : Optional.empty();
        return leader.filter(node -> !taken.contains(node)).or(() -> one("c", taken));
    }

    private Optional<String> zooKeeper(Set<String> taken) {
        Optional<String> leader = random.nextDouble() < LEADER_SHARE ? cluster.zooKeeperLeader() : Optional.empty();
        return leader.filter(node -> !taken.contains(node)).or(() -> one("z", taken));
    }

    /** Mostly one that runs many VMs. */
    private Optional<String> host(Set<String> taken) {
        Optional<String> fullest =
                random.nextDouble() < LEADER_SHARE ? Optional.of(cluster.fullest()) : Optional.empty();
        return fullest.filter(node -> !taken.contains(node)).or(() -> one("h", taken));
    }

    private Optional<String> one(String prefix, Set<String> taken) {
        List<String> free = cluster.nodes(prefix).stream()
                .filter(node -> !taken.contains(node))
                .toList();
        return free.isEmpty() ? Optional.empty() : Optional.of(free.get(random.nextInt(free.size())));
    }

    private List<String> leaderOrAny() {
        String one = cluster.nodes("c").get(random.nextInt(3));
        return List.of(random.nextDouble() < 0.8 ? cluster.leader().orElse(one) : one);
    }

    private List<String> allBut(String node) {
        List<String> others = new ArrayList<>();
        for (String prefix : List.of("z", "c", "h")) {
            others.addAll(cluster.nodes(prefix));
        }
        others.remove(node);
        others.add(Network.OPERATOR);
        return others;
    }

    private String title(String node) {
        boolean leads = cluster.leader().equals(Optional.of(node))
                || node.startsWith("z") && cluster.zooKeeperLeader().equals(Optional.of(node));
        return leads ? node + " (leading)" : node;
    }

    private Fault kill(FaultKind kind, String node) {
        ServerProcess process = cluster.process(node);
        return new Fault(
                kind, Set.of(node), Set.of(), "kill -9 " + title(node), seconds(1, 15), process::kill, process::start);
    }

    private Fault stop(FaultKind kind, String node) {
        ServerProcess process = cluster.process(node);
        int length = STOP_SECONDS.get(random.nextInt(STOP_SECONDS.size()));
        return new Fault(
                kind,
                Set.of(node),
                Set.of(),
                "SIGSTOP " + title(node) + " for " + length + " s",
                length * 1_000L,
                process::freeze,
                process::thaw);
    }

    private Optional<Fault> quorumStop(FaultKind kind, Set<String> taken) {
        List<String> nodes = new ArrayList<>(cluster.nodes("z"));
        if (nodes.stream().anyMatch(taken::contains)) {
            return Optional.empty();
        }
        nodes.remove(random.nextInt(nodes.size()));
        return Optional.of(new Fault(
                kind,
                Set.copyOf(cluster.nodes("z")),
                Set.of(),
                "SIGSTOP " + nodes + ", so that ZooKeeper has no quorum",
                seconds(15, 40),
                () -> {
                    for (String node : nodes) {
                        cluster.process(node).freeze();
                    }
                },
                () -> {
                    for (String node : nodes) {
                        cluster.process(node).thaw();
                    }
                }));
    }

    private Fault cut(FaultKind kind, String node, List<String> others, long holdMillis) {
        int direction = random.nextInt(3);
        boolean from = direction != 1;
        boolean to = direction != 0;
        String arrow = from && to ? " <-> " : from ? " -> " : " <- ";
        String peers = others.size() > 4 ? "all others" : String.join(", ", others);
        return new Fault(
                kind,
                Set.of(node),
                Set.of(),
                "iptables cuts " + title(node) + arrow + peers,
                holdMillis,
                () -> {
                    for (String other : others) {
                        if (from) {
                            cluster.network().cut(node, other);
                        }
                        if (to) {
                            cluster.network().cut(other, node);
                        }
                    }
                },
                () -> {
                    for (String other : others) {
                        cluster.network().heal(node, other);
                        cluster.network().heal(other, node);
                    }
                });
    }

    private Fault diskFull(FaultKind kind, String node) {
        Path filler = cluster.data(node).resolve("filler");
        return new Fault(
                kind,
                Set.of(node),
                Set.of(),
                "the disk of " + title(node) + " is full",
                seconds(5, 30),
                () -> fill(filler),
                () -> Files.deleteIfExists(filler));
    }

    /** Until nothing more can be written. */
    private static void fill(Path file) throws IOException {
        byte[] block = new byte[4096];
        Arrays.fill(block, (byte) 1);
        try (OutputStream out = Files.newOutputStream(file)) {
            while (true) {
                out.write(block);
            }
        } catch (IOException full) {
            if (Files.size(file) == 0) {
                throw full;
            }
        }
    }

    private Fault clock(FaultKind kind, String node) {
        String difference = CLOCKS.get(random.nextInt(CLOCKS.size()));
        return new Fault(
                kind,
                Set.of(node),
                Set.of(),
                "the wall clock of " + title(node) + " jumps by " + difference,
                seconds(5, 30),
                () -> cluster.clock(node, difference),
                () -> cluster.clock(node, "+0s"));
    }

    /** One to three QEMUs of a host, or their guards. */
    private Optional<Fault> processes(FaultKind kind, String role, Set<String> taken) {
        List<Watcher.Qemu> qemus = new ArrayList<>(cluster.watcher().live());
        qemus.sort((a, b) -> Long.compare(a.pid(), b.pid()));
        java.util.Collections.shuffle(qemus, random);
        Set<String> vms = new TreeSet<>();
        List<Long> pids = new ArrayList<>();
        for (Watcher.Qemu qemu : qemus.subList(0, Math.min(qemus.size(), 1 + random.nextInt(3)))) {
            long pid = role.equals("guard") ? parentOf(qemu.pid()) : qemu.pid();
            if (pid > 1 && !taken.contains("vm " + qemu.vm())) {
                vms.add(qemu.vm());
                pids.add(pid);
            }
        }
        if (pids.isEmpty()) {
            return Optional.empty();
        }
        boolean stop = kind == FaultKind.QEMU_STOP;
        int length = stop ? STOP_SECONDS.get(random.nextInt(STOP_SECONDS.size())) : 1;
        List<Long> starts =
                pids.stream().map(pid -> Processes.startTimeOf(pid).orElse(-1)).toList();
        String listed = pids.stream().map(String::valueOf).collect(Collectors.joining(" "));
        return Optional.of(new Fault(
                kind,
                vms.stream().map(vm -> "vm " + vm).collect(Collectors.toSet()),
                vms,
                (stop ? "SIGSTOP" : "kill -9") + " of " + role + " " + listed + (stop ? " for " + length + " s" : ""),
                length * 1_000L,
                () -> signal(stop ? "STOP" : "KILL", pids, starts),
                () -> {
                    if (stop) {
                        signal("CONT", pids, starts);
                    }
                }));
    }

    /** A process that has ended meanwhile is passed over, and a later one of its pid is not meant. */
    private static void signal(String signal, List<Long> pids, List<Long> starts)
            throws IOException, InterruptedException {
        for (int i = 0; i < pids.size(); i++) {
            if (Processes.startTimeOf(pids.get(i)).orElse(-2) == starts.get(i)) {
                new ProcessBuilder("kill", "-" + signal, String.valueOf(pids.get(i)))
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start()
                        .waitFor();
            }
        }
    }

    /** 0 if the process is gone. */
    static long parentOf(long pid) {
        try {
            String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
            return Long.parseLong(stat.substring(stat.lastIndexOf(')') + 2).split(" ")[1]);
        } catch (IOException gone) {
            return 0;
        }
    }
}
