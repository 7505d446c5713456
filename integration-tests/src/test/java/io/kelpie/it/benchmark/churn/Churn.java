package io.kelpie.it.benchmark.churn;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;

/**
 * Drives an engine: jobs arrive whole; before each call as many leave, chosen at random, as the memory in use must not be
 * above its target. The target swings between 70 and 90 % of the pool's memory, once in as many requests as there are
 * about VMs. The VMs of a job run when as many jobs as a fourth of the hosts have followed it. What the clock sees is the
 * engine's work, for requests, starts and departures: jobs are made, chosen to leave and counted while it stands. Used by
 * one thread.
 */
public final class Churn {
    private static final double LOW = 0.70;
    private static final double HIGH = 0.90;
    private static final int VMS_PER_HOST_AND_SWING = 20;
    private static final int HOSTS_PER_STARTING_JOB = 4;
    private static final long HASH_PRIME = 0x100000001b3L;
    private static final long HASH_BASIS = 0xcbf29ce484222325L;

    private final ChurnEngine engine;
    private final JobStream stream;
    private final long capacityMib;
    private final long swing;
    private final List<ChurnJob> live = new ArrayList<>();
    private final List<ChurnJob> batch = new ArrayList<>(); // the present one, for use again and again
    private final List<ChurnJob> leaving = new ArrayList<>(); // before the next call; as well
    private final List<ChurnJob> started = new ArrayList<>(); // since the last call; as well
    private final Deque<ChurnJob> starting = new ArrayDeque<>(); // in the order of their placement
    private final int startingMax;
    private long nextJob;
    private long requests;
    private long usedMib;
    private int liveVms;
    private long draws;

    /**
     * What happened in a stretch of time.
     *
     * @param placed VMs that got a place
     * @param rejected VMs that got none
     * @param departed VMs that left
     * @param nanos time of the engine
     * @param placedByKind {@code placed} by kind
     */
    public record Window(long placed, long rejected, long departed, long nanos, Map<Kind, Long> placedByKind) {
        public double placedPerSecond() {
            return placed * 1e9 / Math.max(1, nanos);
        }
    }

    /** An empty pool, and the first job to come. */
    public Churn(ChurnEngine engine, JobStream stream, ChurnPool pool) {
        this.engine = engine;
        this.stream = stream;
        capacityMib = pool.memoryMib();
        startingMax = Math.max(1, pool.hosts().size() / HOSTS_PER_STARTING_JOB);
        swing = (long) VMS_PER_HOST_AND_SWING * pool.hosts().size();
    }

    /** Another engine from where this one is now, with the same jobs to come. */
    public Churn fork(ChurnEngine other, JobStream sameStream, ChurnPool pool) {
        Churn fork = new Churn(other, sameStream, pool);
        for (ChurnJob job : live) {
            int[] hosts = new int[job.vms()];
            for (int vm = 0; vm < hosts.length; vm++) {
                hosts[vm] = engine.hostOf(job, vm);
            }
            ChurnJob copy = sameStream.job(job.number());
            other.adopt(copy, hosts);
            copy.settled();
            fork.live.add(copy);
        }
        fork.nextJob = nextJob;
        fork.requests = requests;
        fork.usedMib = usedMib;
        fork.liveVms = liveVms;
        fork.draws = draws;
        return fork;
    }

    /** Share of the pool's memory that is in use. */
    public double utilisation() {
        return (double) usedMib / capacityMib;
    }

    /** VMs that are placed now. */
    public int liveVms() {
        return liveVms;
    }

    /**
     * Goes on for so many requests at least, without a clock, and tells what was decided.
     *
     * @return a hash over the host of each VM, in order
     */
    public long runHashed(long vms) {
        long hash = HASH_BASIS;
        long end = requests + vms;
        while (requests < end) {
            List<ChurnJob> batch = nextBatch();
            call(batch);
            for (ChurnJob job : batch) {
                for (int vm = 0; vm < job.vms(); vm++) {
                    hash = (hash ^ (engine.hostOf(job, vm) + 1)) * HASH_PRIME;
                }
                enter(job);
            }
        }
        return hash;
    }

    /** Goes on until the clock has run for so long; a call to the engine that was begun is ended. */
    public Window run(long nanosMin) {
        long placed = 0;
        long rejected = 0;
        long departed = 0;
        long nanos = 0;
        KindCounts byKind = new KindCounts();
        while (nanos < nanosMin) {
            List<ChurnJob> batch = nextBatch();
            long before = liveVms;
            nanos += call(batch);
            departed += before - liveVms;
            for (ChurnJob job : batch) {
                placed += job.placed();
                rejected += job.vms() - job.placed();
                byKind.add(job.kind(), job.placed());
                enter(job);
            }
        }
        return new Window(placed, rejected, departed, nanos, byKind.toMap());
    }

    /** Lets the engine work: jobs leave, some run, others come. Returns the time that it took. */
    private long call(List<ChurnJob> batch) {
        makeRoom(batch);
        seeStarted();
        long begin = System.nanoTime();
        for (ChurnJob job : leaving) {
            engine.remove(job);
        }
        for (ChurnJob job : started) {
            engine.started(job);
        }
        engine.place(batch);
        return System.nanoTime() - begin;
    }

    /** The next jobs, as many as the engine likes at once: made when they are wanted, as a controller makes its requests. */
    private List<ChurnJob> nextBatch() {
        batch.clear();
        int vms = 0;
        while (vms < engine.batchVms()) {
            ChurnJob job = stream.job(nextJob++);
            batch.add(job);
            vms += job.vms();
        }
        return batch;
    }

    private void enter(ChurnJob job) {
        requests += job.vms();
        job.settled();
        if (job.placed() > 0) {
            live.add(job);
            starting.add(job);
            liveVms += job.placed();
            usedMib += job.memoryMib();
        }
    }

    /** Finds the jobs whose VMs run by now; those that have left already are forgotten. */
    private void seeStarted() {
        started.clear();
        while (starting.size() > startingMax) {
            ChurnJob job = starting.remove();
            if (job.placed() > 0) {
                started.add(job);
            }
        }
    }

    /** Chooses who leaves. */
    private void makeRoom(List<ChurnJob> batch) {
        leaving.clear();
        long wantedMib = 0;
        for (ChurnJob job : batch) {
            wantedMib += job.wantedMemoryMib();
        }
        long targetMib = targetMib();
        while (usedMib + wantedMib > targetMib && !live.isEmpty()) {
            int index = (int) Long.remainderUnsigned(draw(), live.size());
            ChurnJob job = live.get(index);
            ChurnJob last = live.remove(live.size() - 1);
            if (index < live.size()) {
                live.set(index, last);
            }
            liveVms -= job.placed();
            usedMib -= job.memoryMib();
            leaving.add(job);
        }
    }

    private long targetMib() {
        double phase = (double) (requests % swing) / swing;
        double height = phase < 0.5 ? 2 * phase : 2 - 2 * phase;
        return (long) (capacityMib * (LOW + (HIGH - LOW) * height));
    }

    /** SplitMix64. */
    private long draw() {
        draws += 0x9e3779b97f4a7c15L;
        long z = (draws ^ (draws >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }
}
