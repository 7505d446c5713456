package io.kelpie.it.chaos;

import io.kelpie.it.chaos.FaultKind.Scope;
import io.kelpie.proto.v1.JobSpec;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

/**
 * Rounds of seeded faults. In every other round only controllers and ZooKeeper are hit, and at most as hard as the
 * design says that every VM survives; in the others everything is. After each round all is healed, and the cluster has
 * 60 s to be as it was promised.
 */
final class ChaosRun {
    private static final Duration CONVERGENCE = Duration.ofSeconds(60);
    /** The next round needs a cluster that is whole, however late. */
    private static final Duration SECOND_CHANCE = Duration.ofSeconds(120);

    private static final Duration CALL = Duration.ofSeconds(180);
    private static final int TEMPORARY_JOBS_MAX = 5;
    private static final int OFFSET_SECONDS_MAX = 10;

    private final TestCluster cluster;
    private final Judge judge;
    private final Transcript transcript;
    private final Random random;
    private final Faults faults;
    private final Map<FaultKind, Integer> injected = new EnumMap<>(FaultKind.class);
    private final Deque<FaultKind> controllerDeck = new ArrayDeque<>();
    private final Deque<FaultKind> zooKeeperDeck = new ArrayDeque<>();
    private final Deque<FaultKind> hostDeck = new ArrayDeque<>();
    private final Deque<JobSpec> temporary = new ArrayDeque<>();
    private final ExecutorService calls = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "operator");
        thread.setDaemon(true);
        return thread;
    });
    private int jobs;
    private int killedByControlPlane;
    private int notConverged;
    private int lost;
    /** How many of the ends that were seen have been judged. */
    private int endsJudged;

    ChaosRun(TestCluster cluster, Transcript transcript, long seed) {
        this.cluster = cluster;
        this.judge = new Judge(cluster);
        this.transcript = transcript;
        this.random = new Random(seed);
        this.faults = new Faults(cluster, random);
    }

    /** Something to do at a moment of a round. */
    private record Moment(long atMillis, int order, Fault.Step step) {}

    /** A kind of fault and when in the round it begins. */
    private record Planned(FaultKind kind, long offsetMillis) {}

    /** Whether all that was promised held, under faults. */
    boolean kept() {
        return !injected.isEmpty()
                && cluster.watcher().overlapMillis() == 0
                && killedByControlPlane == 0
                && lost == 0
                && notConverged == 0
                && cluster.watcher().diskFaults().isEmpty();
    }

    /** Runs for so long; the results as JSON. */
    String run(int minutes) throws Exception {
        long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(minutes);
        for (int i = 1; i <= 3; i++) {
            for (JobSpec job : List.of(
                    Jobs.idle("idle" + i, 8), Jobs.writing("seq" + i, i == 1 ? 2 : 1), Jobs.staying("stay" + i, 1))) {
                cluster.applyOn("h" + i, job);
                judge.acknowledged(job);
            }
        }
        List<String> missing = judge.differencesAfter(SECOND_CHANCE);
        if (!missing.isEmpty()) {
            throw new IllegalStateException("the cluster is not whole before the first fault: " + missing);
        }
        transcript.line("31 VMs run: 24 idle, 4 write a sequence to shared disks, 3 stay with their host (leave); "
                + judge.leased() + " are leased");
        endsJudged = cluster.watcher().endsSince(0).size();
        for (int round = 1; System.nanoTime() < end; round++) {
            round(round, round % 2 == 1);
        }
        judge.differencesAfter(SECOND_CHANCE);
        lost = judge.lost();
        cluster.watcher().sync();
        calls.shutdownNow();
        return String.format(
                Locale.ROOT,
                "{\"minutes\":%d,\"faults\":{%s},\"overlapMillis\":%d,\"killedByControlPlane\":%d,\"lost\":%d,"
                        + "\"notConverged\":%d,\"diskBreaks\":%d}",
                minutes,
                injected.entrySet().stream()
                        .map(each -> "\"" + each.getKey().title() + "\":" + each.getValue())
                        .collect(Collectors.joining(",")),
                cluster.watcher().overlapMillis(),
                killedByControlPlane,
                lost,
                notConverged,
                cluster.watcher().diskFaults().size());
    }

    private void submit(JobSpec job) throws InterruptedException {
        cluster.operator().apply(job, CALL);
        judge.acknowledged(job);
    }

    private void round(int number, boolean controlPlaneOnly) throws Exception {
        transcript.line(
                "--- round " + number + (controlPlaneOnly ? ": controllers and ZooKeeper only" : ": everything"));
        Map<String, String> names = judge.names();
        List<Fault> done = new ArrayList<>();
        List<Future<?>> answers = new ArrayList<>();
        execute(controlPlaneOnly ? controlPlanePlan() : plan(), controlPlaneOnly, done, answers);
        long healed = System.nanoTime();
        for (Future<?> answer : answers) {
            try {
                answer.get(CALL.toSeconds(), TimeUnit.SECONDS);
            } catch (java.util.concurrent.ExecutionException | TimeoutException e) {
                transcript.line("NO ANSWER to an operator: " + e);
                notConverged++;
            }
        }
        Duration spent = Duration.ofNanos(System.nanoTime() - healed);
        List<String> differences = judge.differencesAfter(CONVERGENCE.minus(spent));
        if (!differences.isEmpty()) {
            notConverged++;
            transcript.line("NOT CONVERGED " + CONVERGENCE.toSeconds() + " s after healing: " + differences);
            List<String> still = judge.differencesAfter(SECOND_CHANCE);
            transcript.line(still.isEmpty() ? "converged late" : "STILL NOT: " + still);
        }
        cluster.watcher().sync();
        names.putAll(judge.names());
        Set<String> hit = new HashSet<>();
        done.forEach(fault -> hit.addAll(fault.vms()));
        int ended = 0;
        List<Watcher.End> ends = cluster.watcher().endsSince(0);
        for (Watcher.End each : ends.subList(endsJudged, ends.size())) {
            String name = names.getOrDefault(each.qemu().vm(), each.qemu().vm());
            String job = name.replaceFirst("-[0-9]+$", "");
            if (judge.isDeleted(job)) {
                continue;
            }
            ended++;
            boolean leave = job.startsWith("stay") && !hit.contains(each.qemu().vm());
            if (controlPlaneOnly || leave) {
                killedByControlPlane++;
                transcript.line("KILLED without a fault of its host: " + name + ", pid "
                        + each.qemu().pid());
            }
        }
        endsJudged = ends.size();
        transcript.line(String.format(
                Locale.ROOT,
                "converged %.1f s after healing; %d QEMUs ended in this round; overlap so far %d ms",
                (System.nanoTime() - healed) / 1e9,
                ended,
                cluster.watcher().overlapMillis()));
    }

    /** Injects and heals as planned, while operators go on. */
    private void execute(List<Planned> plan, boolean controlPlaneOnly, List<Fault> done, List<Future<?>> answers)
            throws Exception {
        PriorityQueue<Moment> moments =
                new PriorityQueue<>(Comparator.comparingLong(Moment::atMillis).thenComparingInt(Moment::order));
        Set<String> taken = new HashSet<>();
        long begin = Watcher.now();
        int order = 0;
        for (Planned planned : plan) {
            int rank = order++;
            moments.add(new Moment(begin + planned.offsetMillis(), rank, () -> {
                Optional<Fault> made = faults.make(planned.kind(), taken);
                if (made.isEmpty()) {
                    return;
                }
                Fault fault = made.get();
                taken.addAll(fault.targets());
                done.add(fault);
                injected.merge(fault.kind(), 1, Integer::sum);
                transcript.line(fault.what());
                fault.inject().run();
                moments.add(new Moment(Watcher.now() + fault.holdMillis(), rank, () -> {
                    fault.heal().run();
                    transcript.line("healed: " + fault.what());
                }));
            }));
        }
        moments.add(new Moment(begin + random.nextInt(8_000), order++, () -> answers.add(makeJob())));
        if (!controlPlaneOnly && temporary.size() >= TEMPORARY_JOBS_MAX) {
            moments.add(new Moment(begin + random.nextInt(8_000), order, () -> answers.add(deleteJob())));
        }
        while (!moments.isEmpty()) {
            Moment next = moments.remove();
            TimeUnit.MILLISECONDS.sleep(Math.max(0, next.atMillis() - Watcher.now()));
            next.step().run();
        }
    }

    private Future<?> makeJob() {
        JobSpec job = Jobs.idle("w" + ++jobs, 1 + random.nextInt(2));
        temporary.add(job);
        return calls.submit(() -> {
            long begin = Watcher.now();
            submit(job);
            transcript.line("job " + job.getName() + " acknowledged after " + (Watcher.now() - begin) + " ms");
            return job;
        });
    }

    private Future<?> deleteJob() {
        JobSpec job = temporary.remove();
        judge.deleting(job);
        return calls.submit(() -> {
            cluster.operator().delete(job, CALL);
            transcript.line("job " + job.getName() + " deleted");
            return job;
        });
    }

    /**
     * One fault of a controller, one of a ZooKeeper server, both in the same moment, or the loss of the quorum while
     * all controllers live; and now and then a clock that jumps besides.
     */
    private List<Planned> controlPlanePlan() {
        List<Planned> plan = new ArrayList<>();
        int which = random.nextInt(7);
        if (which == 0) {
            plan.add(new Planned(FaultKind.ZOOKEEPER_QUORUM_STOP, 0));
            return plan;
        }
        if (which <= 5) {
            plan.add(new Planned(deal(controllerDeck, Scope.CONTROLLER), 0));
        }
        if (which >= 4) {
            plan.add(new Planned(deal(zooKeeperDeck, Scope.ZOOKEEPER), 0));
        }
        if (random.nextInt(3) == 0) {
            plan.add(new Planned(FaultKind.CONTROLLER_CLOCK, 1_000L * random.nextInt(OFFSET_SECONDS_MAX)));
        }
        return plan;
    }

    private List<Planned> plan() {
        List<Planned> plan = new ArrayList<>();
        int count = 2 + random.nextInt(3);
        for (int i = 0; i < count; i++) {
            int which = random.nextInt(8);
            FaultKind kind = which == 0
                    ? deal(controllerDeck, Scope.CONTROLLER)
                    : which == 1 ? deal(zooKeeperDeck, Scope.ZOOKEEPER) : deal(hostDeck, Scope.HOST);
            plan.add(new Planned(kind, random.nextInt(OFFSET_SECONDS_MAX * 1_000)));
        }
        return plan;
    }

    /** Kinds come in shuffled order, and each again only after all others. */
    private FaultKind deal(Deque<FaultKind> deck, Scope scope) {
        if (deck.isEmpty()) {
            List<FaultKind> kinds = new ArrayList<>(Arrays.stream(FaultKind.values())
                    .filter(kind -> kind.scope() == scope)
                    .toList());
            Collections.shuffle(kinds, random);
            deck.addAll(kinds);
        }
        return deck.remove();
    }
}
