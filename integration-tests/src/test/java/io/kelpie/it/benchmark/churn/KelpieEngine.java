package io.kelpie.it.benchmark.churn;

import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.NPlusOne;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.engine.Inventory;
import io.kelpie.controller.scheduling.engine.Search;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * The controller's own engine: each VM is a request of its own, resolved, decided on by all rules and booked. A VM is
 * starting while as many jobs as a fourth of the hosts follow its own.
 */
public final class KelpieEngine implements ChurnEngine {
    /** As a controller's own, with a limit of starts in flight on each host. */
    public static final SchedulingPolicy POLICY = new SchedulingPolicy(
            SchedulingPolicy.DEFAULT.vcpuOvercommitPercent(),
            SchedulingPolicy.Packing.PACK,
            20,
            SchedulingPolicy.DEFAULT.preferWeight(),
            SchedulingPolicy.DEFAULT.imageWeight(),
            NPlusOne.OFF);

    private static final int HOSTS_PER_STARTING_JOB = 4;

    private final Inventory inventory;
    private final Search search;
    private final Latencies latencies;
    private final int startingMax;
    private final Deque<ChurnJob> starting = new ArrayDeque<>();

    /**
     * @param latencies what each decision takes, from the request to the books
     */
    public KelpieEngine(ChurnPool pool, SchedulingPolicy policy, long seed, Latencies latencies) {
        inventory = new Inventory(policy, seed, Reservation::of);
        int expected = 0;
        for (HostView host : pool.hosts()) {
            if (inventory.put(host) != expected++) {
                throw new IllegalStateException("the inventory numbers hosts in another order");
            }
        }
        search = new Search(inventory);
        this.latencies = latencies;
        startingMax = Math.max(1, pool.hosts().size() / HOSTS_PER_STARTING_JOB);
    }

    @Override
    public void place(List<ChurnJob> jobs) {
        long begin = System.nanoTime();
        for (ChurnJob job : jobs) {
            for (int vm = 0; vm < job.vms(); vm++) {
                Ask ask = inventory.ask(job.request(vm));
                int host = search.best(ask);
                if (host != HostTable.UNKNOWN) {
                    job.seat(vm, inventory.place(ask, host));
                }
                long end = System.nanoTime();
                latencies.add(job.kind(), end - begin);
                begin = end;
            }
            starting.add(job);
            if (starting.size() > startingMax) {
                started(starting.remove());
            }
        }
    }

    /** Its VMs run, but those that have left already. */
    private void started(ChurnJob job) {
        for (int vm = 0; vm < job.vms(); vm++) {
            if (job.seat(vm) != ChurnJob.NOWHERE) {
                inventory.started(job.seat(vm));
            }
        }
    }

    @Override
    public void remove(ChurnJob job) {
        for (int vm = 0; vm < job.vms(); vm++) {
            if (job.seat(vm) != ChurnJob.NOWHERE) {
                inventory.release(job.seat(vm));
                job.seat(vm, ChurnJob.NOWHERE);
            }
        }
    }

    @Override
    public void adopt(ChurnJob job, int[] hosts) {
        for (int vm = 0; vm < job.vms(); vm++) {
            if (hosts[vm] != ChurnJob.NOWHERE) {
                int instance = inventory.place(inventory.ask(job.request(vm)), hosts[vm]);
                inventory.started(instance);
                job.seat(vm, instance);
            }
        }
    }

    @Override
    public int hostOf(ChurnJob job, int vm) {
        return job.seat(vm) == ChurnJob.NOWHERE ? ChurnJob.NOWHERE : inventory.hostOf(job.seat(vm));
    }
}
