package io.kelpie.it.benchmark.peer;

import com.netflix.fenzo.SchedulingResult;
import com.netflix.fenzo.TaskAssignmentResult;
import com.netflix.fenzo.TaskRequest;
import com.netflix.fenzo.TaskScheduler;
import com.netflix.fenzo.VMAssignmentResult;
import com.netflix.fenzo.VirtualMachineLease;
import com.netflix.fenzo.plugins.BinPackingFitnessCalculators;
import io.kelpie.it.benchmark.churn.ChurnEngine;
import io.kelpie.it.benchmark.churn.ChurnJob;
import io.kelpie.it.benchmark.churn.ChurnPool;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Fenzo: each host is offered once, VMs are packed by CPU and memory, so many a call. Its search uses its own threads, as
 * many as there are processors.
 */
public final class FenzoEngine implements ChurnEngine {
    private static final long NEVER_S = 1_000_000_000L;

    private final PeerRules rules;
    private final List<String> hostNames;
    private final Map<String, Integer> hostNumbers = new HashMap<>();
    private final TaskScheduler scheduler;
    private int batchVms = 1;

    public FenzoEngine(ChurnPool pool, int overcommitPercent) {
        rules = new PeerRules(pool);
        hostNames = pool.hosts().stream().map(host -> host.id()).toList();
        List<VirtualMachineLease> leases = new ArrayList<>();
        for (int host = 0; host < hostNames.size(); host++) {
            hostNumbers.put(hostNames.get(host), host);
            leases.add(new FenzoLease(pool.hosts().get(host), overcommitPercent));
        }
        scheduler = new TaskScheduler.Builder()
                .withLeaseRejectAction(lease -> {})
                .withLeaseOfferExpirySecs(NEVER_S)
                .withSingleOfferPerVM(true)
                .disableShortfallEvaluation()
                .withFitnessCalculator(BinPackingFitnessCalculators.cpuMemBinPacker)
                .build();
        scheduler.scheduleOnce(List.of(), leases);
    }

    /** How many VMs are decided on in a call from now on. */
    public void batchVms(int vms) {
        batchVms = vms;
    }

    @Override
    public int batchVms() {
        return batchVms;
    }

    @Override
    public void place(List<ChurnJob> jobs) {
        List<TaskRequest> batch = new ArrayList<>();
        for (ChurnJob job : jobs) {
            for (int vm = 0; vm < job.vms(); vm++) {
                batch.add(new FenzoTask(job, vm, rules, hostNumbers));
                if (batch.size() >= batchVms) {
                    schedule(batch);
                    batch.clear();
                }
            }
        }
        if (!batch.isEmpty()) {
            schedule(batch);
        }
    }

    private void schedule(List<TaskRequest> batch) {
        SchedulingResult result = scheduler.scheduleOnce(List.copyOf(batch), List.of());
        if (!result.getExceptions().isEmpty()) {
            throw new IllegalStateException(
                    "Fenzo failed", result.getExceptions().get(0));
        }
        for (VMAssignmentResult host : result.getResultMap().values()) {
            for (TaskAssignmentResult assigned : host.getTasksAssigned()) {
                scheduler.getTaskAssigner().call(assigned.getRequest(), host.getHostname());
                if (assigned.getRequest() instanceof FenzoTask task) {
                    task.job().seat(task.vm(), hostNumbers.getOrDefault(host.getHostname(), ChurnJob.NOWHERE));
                }
            }
        }
    }

    @Override
    public void remove(ChurnJob job) {
        for (int vm = 0; vm < job.vms(); vm++) {
            if (job.seat(vm) != ChurnJob.NOWHERE) {
                scheduler.getTaskUnAssigner().call(FenzoTask.id(job, vm), hostNames.get(job.seat(vm)));
                job.seat(vm, ChurnJob.NOWHERE);
            }
        }
    }

    @Override
    public void adopt(ChurnJob job, int[] hosts) {
        for (int vm = 0; vm < job.vms(); vm++) {
            if (hosts[vm] != ChurnJob.NOWHERE) {
                job.seat(vm, hosts[vm]);
                scheduler.getTaskAssigner().call(new FenzoTask(job, vm, rules, hostNumbers), hostNames.get(hosts[vm]));
            }
        }
    }

    @Override
    public void close() {
        scheduler.shutdown();
    }
}
