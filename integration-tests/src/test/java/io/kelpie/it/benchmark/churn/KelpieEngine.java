package io.kelpie.it.benchmark.churn;

import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.NPlusOne;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.engine.Inventory;
import io.kelpie.controller.scheduling.engine.Search;
import java.util.List;

/** The controller's own engine: each VM is a request of its own, resolved, decided on by all rules and booked. */
public final class KelpieEngine implements ChurnEngine {
    /** As a controller's own, with a limit of starts in flight on each host. */
    public static final SchedulingPolicy POLICY = new SchedulingPolicy(
            SchedulingPolicy.DEFAULT.vcpuOvercommitPercent(),
            SchedulingPolicy.Packing.PACK,
            20,
            SchedulingPolicy.DEFAULT.preferWeight(),
            SchedulingPolicy.DEFAULT.imageWeight(),
            NPlusOne.OFF);

    private static final int JOBS_PER_SAMPLE = 8; // a look at the clock is some 2 % of a decision

    private final Inventory inventory;
    private final Search search;
    private final Latencies latencies;

    /**
     * @param latencies what the decisions of each eighth job take, from the request to the books
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
    }

    @Override
    public void place(List<ChurnJob> jobs) {
        for (ChurnJob job : jobs) {
            if (job.number() % JOBS_PER_SAMPLE == 0) {
                placeTimed(job);
            } else {
                for (int vm = 0; vm < job.vms(); vm++) {
                    place(job, vm);
                }
            }
        }
    }

    private void placeTimed(ChurnJob job) {
        long begin = System.nanoTime();
        for (int vm = 0; vm < job.vms(); vm++) {
            place(job, vm);
            long end = System.nanoTime();
            latencies.add(job.kind(), end - begin);
            begin = end;
        }
    }

    private void place(ChurnJob job, int vm) {
        Ask ask = inventory.ask(job.request(vm));
        int host = search.best(ask);
        if (host != HostTable.UNKNOWN) {
            job.seat(vm, inventory.place(ask, host));
        }
    }

    @Override
    public void started(ChurnJob job) {
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
