package io.kelpie.it.chaos;

import io.kelpie.it.cluster.Commands;
import io.kelpie.it.cluster.Processes;
import io.kelpie.it.cluster.ServerProcess;
import io.kelpie.it.cluster.ZooKeeperEnsemble;
import io.kelpie.proto.v1.FreezeClusterRequest;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.ThawClusterRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Named faults, one after the other, on a cluster that runs leased VMs. */
final class Scenarios {
    private static final Duration PATIENCE = Duration.ofSeconds(120);
    private static final Duration CALL = Duration.ofSeconds(90);
    private static final long SETTLE_MILLIS = 3_000;
    /** A lease, and the margin to kill what has none: after that long without a lease every leased VM is dead. */
    private static final long LEASE_AND_MARGIN_MILLIS = 14_000;

    private final TestCluster cluster;
    private final Transcript transcript;
    private final Judge judge;
    private final Map<String, Scenario> all = new LinkedHashMap<>();
    private final List<String> broken = new ArrayList<>();

    static final List<String> NAMES = List.of(
            "leader-kill",
            "leader-stop",
            "zookeeper-leader-kill",
            "zookeeper-leader-stop",
            "both-kill",
            "both-stop",
            "no-zookeeper",
            "zookeeper-wiped",
            "freeze",
            "agent-stop",
            "agent-guard-kill",
            "all");

    /** What is done, how often, and whether every VM must survive it. */
    private record Scenario(int times, boolean controlPlaneOnly, Step step) {}

    /** Done once in a repetition; heals what it breaks. */
    private interface Step {
        void run() throws Exception;
    }

    Scenarios(TestCluster cluster, Transcript transcript) {
        this.cluster = cluster;
        this.transcript = transcript;
        this.judge = new Judge(cluster);
        all.put("leader-kill", new Scenario(20, true, () -> killed(List.of(leader()))));
        all.put("leader-stop", new Scenario(20, true, () -> stopped(List.of(leader()))));
        all.put("zookeeper-leader-kill", new Scenario(20, true, () -> killed(List.of(zooKeeperLeader()))));
        all.put("zookeeper-leader-stop", new Scenario(20, true, () -> stopped(List.of(zooKeeperLeader()))));
        all.put("both-kill", new Scenario(5, true, () -> killed(List.of(leader(), zooKeeperLeader()))));
        all.put("both-stop", new Scenario(5, true, () -> stopped(List.of(leader(), zooKeeperLeader()))));
        all.put("no-zookeeper", new Scenario(1, true, this::noZooKeeper));
        all.put("freeze", new Scenario(1, true, this::freeze));
        all.put("agent-stop", new Scenario(1, false, this::agentStopped));
        all.put("agent-guard-kill", new Scenario(3, false, this::agentAndGuardKilled));
        // Last: what it leaves behind is a cluster that an operator has to mend.
        all.put("zookeeper-wiped", new Scenario(1, true, this::zooKeeperWiped));
    }

    /** Whether all that was promised held. */
    boolean kept() {
        return broken.isEmpty();
    }

    /** Runs one of {@link #NAMES}; the results as JSON. */
    String run(String name, int times) throws Exception {
        if (!NAMES.contains(name)) {
            throw new IllegalArgumentException("no scenario " + name + "; there are " + NAMES);
        }
        for (int i = 1; i <= 3; i++) {
            for (JobSpec job :
                    List.of(Jobs.idle("idle" + i, 4), Jobs.writing("seq" + i, 1), Jobs.staying("stay" + i, 1))) {
                cluster.applyOn("h" + i, job);
                judge.acknowledged(job);
            }
        }
        converge("before the first fault");
        long leased = judge.leased();
        transcript.line(pids().size() + " VMs run, " + leased + " of them leased");
        if (leased != pids().size() - 3) {
            fail("VMs that should be leased are not");
        }
        StringBuilder results = new StringBuilder();
        for (Map.Entry<String, Scenario> each : all.entrySet()) {
            if (name.equals("all") || name.equals(each.getKey())) {
                results.append(results.length() == 0 ? "" : ",").append(run(each.getKey(), each.getValue(), times));
            }
        }
        cluster.watcher().sync();
        if (!cluster.watcher().diskFaults().isEmpty()) {
            fail("sequences on disks are broken: " + cluster.watcher().diskFaults());
        }
        return String.format(
                Locale.ROOT,
                "{\"scenario\":\"%s\",\"results\":[%s],\"overlapMillis\":%d,\"diskBreaks\":%d,\"broken\":%d}",
                name,
                results,
                cluster.watcher().overlapMillis(),
                cluster.watcher().diskFaults().size(),
                broken.size());
    }

    private String run(String name, Scenario scenario, int timesAsked) throws Exception {
        int times = timesAsked > 0 ? timesAsked : scenario.times();
        Set<Long> pids = pids();
        int vms = pids.size();
        long begin = Watcher.now();
        for (int i = 1; i <= times; i++) {
            transcript.line("--- " + name + ", " + i + " of " + times);
            scenario.step().run();
        }
        cluster.watcher().sync();
        Set<Long> left = pids();
        left.retainAll(pids);
        transcript.line(name + ": " + left.size() + " of " + vms + " QEMUs are the same as before");
        if (scenario.controlPlaneOnly()) {
            for (Watcher.End end : cluster.watcher().endsSince(begin)) {
                fail(String.format(
                        Locale.ROOT,
                        "%s has killed %s, %.1f s after it began",
                        name,
                        end.qemu(),
                        (end.atMillis() - begin) / 1e3));
            }
        }
        if (cluster.watcher().overlapMillis() > 0) {
            fail(name + ": a VM has had two QEMUs");
        }
        return String.format(
                Locale.ROOT,
                "{\"name\":\"%s\",\"times\":%d,\"vms\":%d,\"sameQemus\":%d,\"controlPlaneOnly\":%s}",
                name,
                times,
                vms,
                left.size(),
                scenario.controlPlaneOnly());
    }

    private void fail(String what) {
        broken.add(what);
        transcript.line("BROKEN: " + what);
    }

    private Set<Long> pids() {
        return cluster.watcher().live().stream().map(Watcher.Qemu::pid).collect(Collectors.toCollection(HashSet::new));
    }

    private String leader() {
        return await("a leader", cluster::leader);
    }

    private String zooKeeperLeader() {
        return await("a leading ZooKeeper server", cluster::zooKeeperLeader);
    }

    private String await(String what, Supplier<Optional<String>> look) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            Optional<String> found = look.get();
            if (found.isPresent()) {
                return found.get();
            }
            if (System.nanoTime() >= deadline) {
                throw new IllegalStateException("waited in vain for " + what);
            }
            pause(100);
        }
    }

    private static void pause(long millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    private void converge(String when) throws InterruptedException {
        List<String> differences = judge.differencesAfter(PATIENCE);
        if (!differences.isEmpty()) {
            fail("not converged " + when + ": " + differences);
        }
    }

    /** Until an operator is answered by a leader: without it, whatever is still there would not be a proof. */
    private void awaitService() throws InterruptedException {
        long begin = Watcher.now();
        cluster.operator().hosts(PATIENCE);
        transcript.line("operators are answered again after " + (Watcher.now() - begin) + " ms");
    }

    private void killed(List<String> nodes) throws Exception {
        transcript.line("kill -9 " + nodes);
        for (String node : nodes) {
            cluster.process(node).kill();
        }
        awaitService();
        pause(SETTLE_MILLIS);
        for (String node : nodes) {
            cluster.process(node).start();
        }
        converge("after the kill of " + nodes);
    }

    private void stopped(List<String> nodes) throws Exception {
        transcript.line("SIGSTOP " + nodes);
        for (String node : nodes) {
            cluster.process(node).freeze();
        }
        awaitService();
        pause(SETTLE_MILLIS);
        for (String node : nodes) {
            cluster.process(node).thaw();
        }
        converge("after the stop of " + nodes);
    }

    private void noZooKeeper() throws Exception {
        for (String node : cluster.nodes("z")) {
            cluster.process(node).kill();
        }
        transcript.line("no ZooKeeper server runs, for 5 minutes");
        pause(TimeUnit.MINUTES.toMillis(5));
        for (String node : cluster.nodes("z")) {
            cluster.process(node).start();
        }
        transcript.line("all ZooKeeper servers are started again");
        converge("after 5 minutes without ZooKeeper");
    }

    private void zooKeeperWiped() throws Exception {
        for (ZooKeeperEnsemble.Server server : cluster.ensemble().servers()) {
            server.process().kill();
            deleteTree(server.data().resolve("version-2"));
        }
        for (ZooKeeperEnsemble.Server server : cluster.ensemble().servers()) {
            server.process().start();
        }
        transcript.line("ZooKeeper runs again, and is empty");
        // Three times as long as any lease: an empty store must not have ended one.
        pause(3 * LEASE_AND_MARGIN_MILLIS);
    }

    private void freeze() throws Exception {
        FreezeClusterRequest request = FreezeClusterRequest.newBuilder()
                .setRequestId(UUID.randomUUID().toString())
                .setDurationSeconds(1_800)
                .build();
        cluster.operator().cluster(CALL, service -> service.freezeCluster(request));
        await("all hosts to hold a lease until the thaw", () -> {
            try {
                return cluster.operator()
                                .cluster(
                                        CALL,
                                        service -> service.freezeCluster(request.toBuilder()
                                                .setRequestId(UUID.randomUUID().toString())
                                                .build()))
                                .getHostsAwaitedList()
                                .isEmpty()
                        ? Optional.of("frozen")
                        : Optional.empty();
            } catch (InterruptedException e) {
                throw new IllegalStateException("interrupted", e);
            }
        });
        transcript.line("frozen; all controllers are killed, for 2 minutes");
        for (String node : cluster.nodes("c")) {
            cluster.process(node).kill();
        }
        pause(TimeUnit.MINUTES.toMillis(2));
        for (String node : cluster.nodes("c")) {
            cluster.process(node).start();
        }
        converge("after the freeze");
        cluster.operator()
                .cluster(
                        CALL,
                        service -> service.thawCluster(ThawClusterRequest.newBuilder()
                                .setRequestId(UUID.randomUUID().toString())
                                .build()));
        transcript.line("thawed");
        pause(2 * LEASE_AND_MARGIN_MILLIS);
        converge("after the thaw");
    }

    /** Its leased VMs are ended by their guards, and run elsewhere; it comes back, and takes new work. */
    private void agentStopped() throws Exception {
        Map<String, String> names = judge.names();
        String host = cluster.fullest();
        Set<Long> there = cluster.qemusOf(host);
        Map<String, Watcher.Qemu> before = new HashMap<>();
        cluster.watcher().live().stream()
                .filter(qemu -> there.contains(qemu.pid()))
                .forEach(qemu -> before.put(qemu.vm(), qemu));
        Set<String> staying = before.keySet().stream()
                .filter(vm -> names.getOrDefault(vm, "").startsWith("stay"))
                .collect(Collectors.toSet());
        transcript.line("SIGSTOP of the agent " + host + " for 60 s; it runs " + before.size() + " VMs, "
                + staying.size() + " of them stay");
        ServerProcess agent = cluster.process(host);
        long begin = Watcher.now();
        agent.freeze();
        pause(TimeUnit.SECONDS.toMillis(60));
        cluster.watcher().sync();
        Set<Long> alive = pids();
        for (Watcher.Qemu qemu : before.values()) {
            boolean stays = staying.contains(qemu.vm());
            if (alive.contains(qemu.pid()) != stays) {
                fail(names.get(qemu.vm()) + (stays ? " was ended" : " still runs on a host without a lease"));
            }
            if (!stays) {
                movedAfter(names.getOrDefault(qemu.vm(), qemu.vm()), qemu, begin);
            }
        }
        agent.thaw();
        transcript.line("SIGCONT");
        converge("after the agent went on");
        for (String vm : staying) {
            Watcher.Qemu qemu = before.get(vm);
            if (qemu != null && !pids().contains(qemu.pid())) {
                fail(names.get(vm) + " was ended");
            }
        }
        JobSpec job = Jobs.idle("new-work", 2);
        cluster.applyOn(host, job);
        judge.acknowledged(job);
        converge("with new work");
        Set<Long> later = cluster.qemusOf(host);
        long fresh = cluster.watcher().startsSince(begin).stream()
                .filter(start -> later.contains(start.qemu().pid()))
                .count();
        transcript.line(host + " has started " + fresh + " VMs since");
        if (fresh == 0) {
            fail(host + " has taken no new work");
        }
    }

    private void movedAfter(String name, Watcher.Qemu old, long begin) {
        Optional<Watcher.End> end = cluster.watcher().endsSince(begin).stream()
                .filter(each -> each.qemu().equals(old))
                .findFirst();
        Optional<Watcher.Start> start = cluster.watcher().startsSince(begin).stream()
                .filter(each -> each.qemu().vm().equals(old.vm()))
                .findFirst();
        if (end.isEmpty() || start.isEmpty()) {
            fail(name + " does not run elsewhere");
        } else {
            transcript.line(String.format(
                    Locale.ROOT,
                    "%s: ended %.1f s after the stop, runs elsewhere after %.1f s",
                    name,
                    (end.get().atMillis() - begin) / 1e3,
                    (start.get().qemu().startedMillis() - begin) / 1e3));
        }
    }

    /** With the agent dead, the death of a guard still ends its QEMU. */
    private void agentAndGuardKilled() throws Exception {
        String host = cluster.fullest();
        Set<Long> there = cluster.qemusOf(host);
        Watcher.Qemu qemu = cluster.watcher().live().stream()
                .filter(each -> there.contains(each.pid()))
                .min(Comparator.comparingLong(Watcher.Qemu::pid))
                .orElseThrow(() -> new IllegalStateException(host + " runs no VM"));
        long guard = Faults.parentOf(qemu.pid());
        if (guard <= 1) {
            throw new IllegalStateException("QEMU " + qemu.pid() + " has no guard");
        }
        cluster.process(host).kill();
        Commands.run("kill", "-9", Long.toString(guard));
        long begin = Watcher.now();
        long deadline = begin + 5_000;
        while (Processes.startTimeOf(qemu.pid()).isPresent() && Watcher.now() < deadline) {
            pause(1);
        }
        long millis = Watcher.now() - begin;
        transcript.line("agent " + host + " and guard " + guard + " killed; QEMU " + qemu.pid() + " dead after "
                + millis + " ms");
        if (millis > 1_000) {
            fail("QEMU " + qemu.pid() + " was alive " + millis + " ms after its guard");
        }
        cluster.process(host).start();
        converge("after the agent was started again");
    }

    private static void deleteTree(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
