package io.kelpie.it.benchmark;

import io.kelpie.controller.store.zookeeper.ZooKeeperClient;
import io.kelpie.it.chaos.Jobs;
import io.kelpie.it.chaos.Network;
import io.kelpie.it.chaos.TestCluster;
import io.kelpie.it.chaos.Watcher;
import io.kelpie.it.cluster.LocalCluster.Controller;
import io.kelpie.it.cluster.ServerProcess;
import io.kelpie.proto.v1.Host;
import io.kelpie.proto.v1.HostHealth;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.TermRecord;
import io.kelpie.proto.v1.Vm;
import io.kelpie.proto.v1.VmState;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * How long work stands still when a leader or a host is lost, beside a bare latch of Curator on the same ensemble in the
 * same run; and with many records, how long a new leader takes until it grants and answers.
 */
public final class FailoverBenchmark {
    private static final int RUNS_DEFAULT = 5;
    private static final int HOSTS_OF_MANY = 1_000;
    private static final int MOVING_VMS = 9;
    private static final Duration CALL = Duration.ofSeconds(90);
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(120);
    private static final Pattern DEADLINE = Pattern.compile("(?m)^deadline (\\d+)$");

    private final TestCluster cluster;
    private final ImpatientClient client;
    private final int runs;
    private int jobs;

    private final Samples leaderKill = new Samples("leader: kill -9 to START_ACCEPTED of a new job");
    private final Samples leaderStop = new Samples("leader: SIGSTOP to START_ACCEPTED of a new job");
    private final Stages killStages = new Stages("kill -9");
    private final Stages stopStages = new Stages("SIGSTOP");
    private final Samples latchKill = new Samples("bare latch: kill -9 to the other leads");
    private final Samples latchStop = new Samples("bare latch: SIGSTOP to the other leads");
    private final Samples silentAgent = new Samples("agent: SIGSTOP to its VMs RUNNING elsewhere");
    private final Samples silentHost = new Samples("host: cut off to its VMs RUNNING elsewhere");
    private final Samples gap = new Samples("  old QEMU seen dead to the new one's start");
    private final Samples grant = new Samples("new leader: term began to a host's next grant");
    private final Samples read = new Samples("new leader: term began to VMs listed");

    /** Parts of it, by the new leader's own clock and its name for them. */
    private final Map<String, Samples> phases = new LinkedHashMap<>();

    private FailoverBenchmark(TestCluster cluster, ImpatientClient client, int runs) {
        this.cluster = cluster;
        this.client = client;
        this.runs = runs;
        phases.put("hosts", new Samples("  hosts listed and read"));
        phases.put("read", new Samples("  everything else listed and read"));
        phases.put("parse", new Samples("  parsed"));
        phases.put("build", new Samples("  built"));
    }

    public static void main(String[] arguments) throws Exception {
        Map<String, String> options = options(arguments);
        Path folder = Path.of(options.getOrDefault("--folder", "")).toAbsolutePath();
        int vms = Integer.parseInt(options.getOrDefault("--vms", "0"));
        int runs = Integer.parseInt(options.getOrDefault("--runs", Integer.toString(RUNS_DEFAULT)));
        note("starting 3 ZooKeeper servers, 3 controllers and 3 agents");
        try (TestCluster cluster = TestCluster.start(
                        folder,
                        TestCluster.Purpose.MEASUREMENT,
                        (ensemble, controllers) -> {
                            if (vms > 0) {
                                note("writing " + vms + " VMs and " + HOSTS_OF_MANY + " hosts");
                                new Population(HOSTS_OF_MANY, vms).writeTo(ensemble.connectString(), controllers);
                            }
                        },
                        FailoverBenchmark::note);
                ImpatientClient client = new ImpatientClient(cluster.kelpie().controllers().stream()
                        .map(Controller::address)
                        .toList())) {
            FailoverBenchmark benchmark = new FailoverBenchmark(cluster, client, runs);
            String json = vms > 0 ? benchmark.load(vms) : benchmark.failover();
            System.out.println(json);
        }
        System.exit(0);
    }

    private static Map<String, String> options(String[] arguments) {
        Map<String, String> options = new HashMap<>();
        for (int i = 0; i + 1 < arguments.length; i += 2) {
            options.put(arguments[i], arguments[i + 1]);
        }
        if (arguments.length % 2 != 0 || !Set.of("--folder", "--vms", "--runs").containsAll(options.keySet())) {
            System.err.println("usage: ./dev bench failover [--runs R] [--vms N]");
            System.exit(2);
        }
        return options;
    }

    private String failover() throws Exception {
        for (String host : cluster.nodes("h")) {
            cluster.applyOn(host, Jobs.idle("moving-" + host, MOVING_VMS / 3));
        }
        awaitWhole();
        String loadBefore = load();
        try (BareLatches latches = new BareLatches(cluster)) {
            for (int i = 1; i <= runs; i++) {
                note("leader, run " + i + " of " + runs);
                latchKill.add(latches.measure(true));
                leaderKill.add(leader(true));
                latchStop.add(latches.measure(false));
                leaderStop.add(leader(false));
            }
        }
        for (int i = 1; i <= runs; i++) {
            note("host, run " + i + " of " + runs);
            silentAgent.add(silentAgent(cluster.fullest()));
            silentHost.add(silentHost(cluster.fullest()));
        }
        List<Samples> rows = new ArrayList<>(List.of(latchKill, leaderKill));
        rows.addAll(killStages.rows());
        rows.addAll(List.of(latchStop, leaderStop));
        rows.addAll(stopStages.rows());
        rows.addAll(List.of(silentAgent, silentHost, gap));
        print(rows, loadBefore);
        return json();
    }

    /** With many records: the leader is killed, and the next one grants and answers. */
    private String load(int vms) throws Exception {
        cluster.operator().apply(Jobs.idle("moving", MOVING_VMS), CALL);
        awaitRunning("moving", MOVING_VMS);
        String loadBefore = load();
        try (ZooKeeperClient zooKeeper =
                ZooKeeperClient.connect(cluster.ensemble().connectString())) {
            for (int i = 1; i <= runs; i++) {
                note("load of " + vms + " VMs, run " + i + " of " + runs);
                newLeader(zooKeeper);
            }
        }
        List<Samples> rows = new ArrayList<>(List.of(grant, read));
        rows.addAll(phases.values());
        print(rows, loadBefore);
        return json();
    }

    private String json() {
        return "{\"bench\":\"failover\",\"leaderKillMillis\":" + leaderKill.json() + ",\"leaderStopMillis\":"
                + leaderStop.json() + ",\"bareLatchKillMillis\":" + latchKill.json() + ",\"bareLatchStopMillis\":"
                + latchStop.json() + ",\"silentAgentMillis\":" + silentAgent.json() + ",\"silentHostMillis\":"
                + silentHost.json() + ",\"overlapMillis\":" + cluster.watcher().overlapMillis()
                + ",\"loadMillis\":{\"grant\":" + grant.json() + ",\"read\":" + read.json() + ",\"phases\":{"
                + phases.entrySet().stream()
                        .map(phase ->
                                "\"" + phase.getKey() + "\":" + phase.getValue().json())
                        .collect(Collectors.joining(","))
                + "}}}";
    }

    /** From the loss of the leader until a host has accepted the start of a VM whose job was submitted after it. */
    private long leader(boolean kill) throws Exception {
        String leader = awaitLeader();
        ServerProcess process = cluster.process(leader);
        JobSpec job = Jobs.idle("after-" + ++jobs, 1);
        Instant began = Instant.now();
        long begin = System.nanoTime();
        if (kill) {
            process.kill();
        } else {
            process.freeze();
        }
        long accepted = client.accepted(job);
        (kill ? killStages : stopStages).add(logs(), began, Instant.now());
        if (kill) {
            process.start();
        } else {
            process.thaw();
        }
        cluster.operator().delete(job, CALL);
        awaitWhole();
        return accepted - begin;
    }

    private List<Path> logs() {
        List<Path> logs = new ArrayList<>();
        for (String prefix : List.of("c", "h")) {
            cluster.nodes(prefix).forEach(node -> logs.add(cluster.process(node).log()));
        }
        return logs;
    }

    private long silentAgent(String host) throws Exception {
        ServerProcess agent = cluster.process(host);
        return silent(host, agent::freeze, agent::thaw);
    }

    private long silentHost(String host) throws Exception {
        List<String> others = new ArrayList<>();
        for (String prefix : List.of("z", "c", "h")) {
            others.addAll(cluster.nodes(prefix));
        }
        others.remove(host);
        others.add(Network.OPERATOR);
        return silent(
                host,
                () -> {
                    for (String other : others) {
                        cluster.network().cut(host, other);
                        cluster.network().cut(other, host);
                    }
                },
                () -> {
                    for (String other : others) {
                        cluster.network().heal(host, other);
                        cluster.network().heal(other, host);
                    }
                });
    }

    private interface Step {
        void run() throws Exception;
    }

    /** Until the last of its VMs is RUNNING elsewhere, each of them seen dead before. */
    private long silent(String host, Step silence, Step heal) throws Exception {
        Set<Long> pids = cluster.qemusOf(host);
        Map<String, Watcher.Qemu> old = cluster.watcher().live().stream()
                .filter(qemu -> pids.contains(qemu.pid()))
                .collect(Collectors.toMap(Watcher.Qemu::vm, qemu -> qemu));
        if (old.isEmpty()) {
            throw new IllegalStateException(host + " runs no VM");
        }
        Map<String, Long> incarnations = new HashMap<>();
        for (Vm vm : cluster.operator().vms(CALL)) {
            incarnations.put(vm.getRecord().getVmId(), vm.getRecord().getIncarnation());
        }
        long beginMillis = Watcher.now();
        long begin = System.nanoTime();
        silence.run();
        long last;
        while (true) {
            long moved = cluster.operator().vms(CALL).stream()
                    .filter(vm -> old.containsKey(vm.getRecord().getVmId()))
                    .filter(vm -> vm.getRecord().getState() == VmState.VM_STATE_RUNNING)
                    .filter(vm -> vm.getRecord().getIncarnation()
                            > incarnations.getOrDefault(vm.getRecord().getVmId(), Long.MAX_VALUE))
                    .count();
            last = System.nanoTime();
            if (moved == old.size()) {
                break;
            }
            if (last - begin > PATIENCE_NANOS) {
                throw new IllegalStateException("only " + moved + " of " + old.size() + " VMs run elsewhere");
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
        cluster.watcher().sync();
        for (Watcher.Qemu qemu : old.values()) {
            Watcher.End end = cluster.watcher().endsSince(beginMillis).stream()
                    .filter(each -> each.qemu().equals(qemu))
                    .findFirst()
                    .orElseThrow(() -> new IllegalStateException("the old QEMU was not seen dead: " + qemu));
            Watcher.Start start = cluster.watcher().startsSince(beginMillis).stream()
                    .filter(each -> each.qemu().vm().equals(qemu.vm()))
                    .findFirst()
                    .orElseThrow(() -> new IllegalStateException("no new QEMU was seen of " + qemu.vm()));
            if (start.qemu().startedMillis() < end.atMillis()) {
                throw new IllegalStateException(
                        "the new QEMU started " + (end.atMillis() - start.qemu().startedMillis())
                                + " ms before the old one was seen dead: " + qemu);
            }
            gap.add(TimeUnit.MILLISECONDS.toNanos(start.qemu().startedMillis() - end.atMillis()));
        }
        heal.run();
        awaitWhole();
        return last - begin;
    }

    private void newLeader(ZooKeeperClient zooKeeper) throws Exception {
        String leader = awaitLeader();
        long epoch = term(zooKeeper).getEpoch();
        Path deadline = cluster.folder().resolve("k/h1/run/deadline");
        cluster.process(leader).kill();
        TermRecord term = term(zooKeeper);
        long waited = System.nanoTime();
        while (term.getEpoch() == epoch) {
            if (System.nanoTime() - waited > PATIENCE_NANOS) {
                throw new IllegalStateException("no other controller leads");
            }
            TimeUnit.MILLISECONDS.sleep(5);
            term = term(zooKeeper);
        }
        // The record says when by the wall clock, which nobody sets here; the reading of it is late by a poll.
        long began =
                System.nanoTime() - TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis() - term.getBeganAtMillis());
        long[] grantedAt = {0};
        Thread grants = new Thread(() -> grantedAt[0] = nextGrant(deadline), "grants");
        grants.start();
        long readAt = client.readable();
        grants.join();
        read.add(readAt - began);
        grant.add(grantedAt[0] - began);
        addPhases();
        cluster.process(leader).start();
        awaitAlive(leader);
    }

    /** Of the loads that the present leader has done since its start: one, unless it gave a term up in between. */
    private void addPhases() throws Exception {
        String leader = awaitLeader();
        Controller controller = cluster.kelpie().controllers().stream()
                .filter(each -> each.id().equals(leader))
                .findFirst()
                .orElseThrow();
        for (Map.Entry<String, Samples> phase : phases.entrySet()) {
            String series = "{phase=\"" + phase.getKey() + "\"}";
            double seconds =
                    cluster.kelpie().metric(controller.metricsAddress(), "kelpie_term_load_seconds_sum" + series);
            double loads =
                    cluster.kelpie().metric(controller.metricsAddress(), "kelpie_term_load_seconds_count" + series);
            phase.getValue().add((long) (seconds / loads * TimeUnit.SECONDS.toNanos(1)));
        }
    }

    private static long nextGrant(Path file) {
        long begin = System.nanoTime();
        long before = deadline(file);
        while (System.nanoTime() - begin < PATIENCE_NANOS) {
            if (deadline(file) > before) {
                return System.nanoTime();
            }
            try {
                TimeUnit.MILLISECONDS.sleep(2);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                break;
            }
        }
        throw new IllegalStateException("no grant was seen in " + file);
    }

    private static long deadline(Path file) {
        try {
            Matcher matcher = DEADLINE.matcher(Files.readString(file));
            return matcher.find() ? Long.parseLong(matcher.group(1)) : 0;
        } catch (IOException notYet) {
            return 0;
        }
    }

    private TermRecord term(ZooKeeperClient zooKeeper) throws Exception {
        return TermRecord.parseFrom(
                zooKeeper.curator().getData().forPath(zooKeeper.layout().term()));
    }

    private String awaitLeader() throws InterruptedException {
        long begin = System.nanoTime();
        while (System.nanoTime() - begin < PATIENCE_NANOS) {
            var leader = cluster.leader();
            if (leader.isPresent()) {
                return leader.get();
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
        throw new IllegalStateException("no controller leads");
    }

    private void awaitAlive(String controller) throws InterruptedException {
        Controller restarted = cluster.kelpie().controllers().stream()
                .filter(each -> each.id().equals(controller))
                .findFirst()
                .orElseThrow();
        long begin = System.nanoTime();
        while (!cluster.kelpie().shows(restarted.metricsAddress(), "kelpie_controller_leading 0.0")) {
            if (System.nanoTime() - begin > PATIENCE_NANOS) {
                throw new IllegalStateException(controller + " does not serve");
            }
            TimeUnit.MILLISECONDS.sleep(100);
        }
        // Its session and its place in the election follow.
        TimeUnit.SECONDS.sleep(3);
    }

    private void awaitRunning(String job, int replicas) throws InterruptedException {
        long begin = System.nanoTime();
        while (cluster.operator().vms(CALL).stream()
                        .filter(vm -> vm.getRecord().getJob().equals(job))
                        .filter(vm -> vm.getRecord().getState() == VmState.VM_STATE_RUNNING)
                        .count()
                != replicas) {
            if (System.nanoTime() - begin > PATIENCE_NANOS) {
                throw new IllegalStateException("the VMs of " + job + " do not run");
            }
            TimeUnit.MILLISECONDS.sleep(200);
        }
    }

    /** All hosts READY, all VMs RUNNING, all processes up. */
    private void awaitWhole() throws InterruptedException, IOException {
        long begin = System.nanoTime();
        while (true) {
            List<Host> hosts = cluster.operator().hosts(CALL);
            List<Vm> vms = cluster.operator().vms(CALL);
            boolean whole = cluster.dead().isEmpty()
                    && hosts.size() == 3
                    && hosts.stream().allMatch(host -> host.getHealth() == HostHealth.HOST_HEALTH_READY)
                    && vms.stream()
                                    .filter(vm -> vm.getRecord().getJob().startsWith("moving"))
                                    .count()
                            == MOVING_VMS
                    && vms.stream().allMatch(vm -> vm.getRecord().getState() == VmState.VM_STATE_RUNNING)
                    && cluster.kelpie().controllers().stream()
                            .allMatch(each -> cluster.kelpie()
                                            .shows(each.metricsAddress(), "kelpie_controller_leading 0.0")
                                    || cluster.kelpie().shows(each.metricsAddress(), "kelpie_controller_leading 1.0"));
            if (whole) {
                cluster.watcher().sync();
                TimeUnit.SECONDS.sleep(2);
                return;
            }
            if (System.nanoTime() - begin > PATIENCE_NANOS) {
                throw new IllegalStateException("the cluster is not whole: " + cluster.dead() + " " + hosts);
            }
            TimeUnit.MILLISECONDS.sleep(200);
        }
    }

    private static String load() {
        return String.format(
                Locale.ROOT,
                "%.1f",
                ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
    }

    private static void print(List<Samples> rows, String loadBefore) {
        System.out.println(OffsetDateTime.now(ZoneOffset.UTC).truncatedTo(ChronoUnit.SECONDS) + ", "
                + Runtime.getRuntime().availableProcessors() + " processors, load " + loadBefore + " before, " + load()
                + " after; Java " + Runtime.version().feature());
        System.out.println(String.format(Locale.ROOT, "%-46s %8s %8s %8s", "milliseconds", "min", "median", "max"));
        for (Samples samples : rows) {
            if (!samples.isEmpty()) {
                System.out.println(samples.row());
            }
        }
    }

    private static void note(String line) {
        System.err.println("bench: " + line);
    }
}
