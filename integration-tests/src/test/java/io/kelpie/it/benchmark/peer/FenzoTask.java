package io.kelpie.it.benchmark.peer;

import com.netflix.fenzo.ConstraintEvaluator;
import com.netflix.fenzo.TaskRequest;
import com.netflix.fenzo.TaskTracker;
import com.netflix.fenzo.TaskTrackerState;
import com.netflix.fenzo.VMTaskFitnessCalculator;
import com.netflix.fenzo.VirtualMachineCurrentState;
import io.kelpie.controller.model.Reservation;
import io.kelpie.it.benchmark.churn.ChurnJob;
import io.kelpie.it.benchmark.churn.ChurnPool;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A VM as Fenzo's request, its rules as one hard constraint and its preference as a soft one. */
final class FenzoTask implements TaskRequest {
    private static final ConstraintEvaluator.Result YES = new ConstraintEvaluator.Result(true, "");
    private static final ConstraintEvaluator.Result NO = new ConstraintEvaluator.Result(false, "a rule");
    private static final double LESS = 0.5;

    private final ChurnJob job;
    private final int vm;
    private final String id;
    private final Reservation wanted;
    private final Map<String, Double> devices = new HashMap<>();
    private final List<ConstraintEvaluator> hard;
    private final List<VMTaskFitnessCalculator> soft;
    private final Map<String, Integer> hostNumbers;
    private volatile boolean othersKnown;
    private @Nullable AssignedResources assigned;

    FenzoTask(ChurnJob job, int vm, PeerRules rules, Map<String, Integer> hostNumbers) {
        this.job = job;
        this.vm = vm;
        this.hostNumbers = hostNumbers;
        id = id(job, vm);
        wanted = job.reservation();
        wanted.devices().forEach((kind, count) -> devices.put(kind, (double) count));
        boolean[] traits = rules.traits(job);
        hard = List.of(new ConstraintEvaluator() {
            @Override
            public String getName() {
                return "rules";
            }

            @Override
            public Result evaluate(TaskRequest request, VirtualMachineCurrentState target, TaskTrackerState tracker) {
                learnOthers(tracker);
                int host = hostNumbers.getOrDefault(target.getHostname(), ChurnJob.NOWHERE);
                return traits[host] && rules.allows(job, vm, host) ? YES : NO;
            }
        });
        boolean[] preferred = rules.preferred(job);
        soft = preferred.length == 0
                ? List.of()
                : List.of(new VMTaskFitnessCalculator() {
                    @Override
                    public String getName() {
                        return "preference";
                    }

                    @Override
                    public double calculateFitness(
                            TaskRequest request, VirtualMachineCurrentState target, TaskTrackerState tracker) {
                        return preferred[hostNumbers.getOrDefault(target.getHostname(), ChurnJob.NOWHERE)] ? 1 : LESS;
                    }
                });
    }

    /** Where the job's earlier VMs of the same call are: looked up once, by whichever of Fenzo's threads is first. */
    private void learnOthers(TaskTrackerState tracker) {
        if (othersKnown) {
            return;
        }
        synchronized (job) {
            if (othersKnown) {
                return;
            }
            for (int other = 0; other < vm; other++) {
                TaskTracker.ActiveTask task =
                        tracker.getAllCurrentlyAssignedTasks().get(id(job, other));
                if (task != null) {
                    job.seat(
                            other, hostNumbers.getOrDefault(task.getTotalLease().hostname(), ChurnJob.NOWHERE));
                }
            }
            othersKnown = true;
        }
    }

    static String id(ChurnJob job, int vm) {
        return job.number() + "/" + vm;
    }

    ChurnJob job() {
        return job;
    }

    int vm() {
        return vm;
    }

    @Override
    public String getId() {
        return id;
    }

    @Override
    public String taskGroupName() {
        return "";
    }

    @Override
    public double getCPUs() {
        return wanted.vcpus();
    }

    @Override
    public double getMemory() {
        return wanted.memoryMib();
    }

    @Override
    public double getNetworkMbps() {
        return 0;
    }

    @Override
    public double getDisk() {
        return wanted.poolMib().getOrDefault(ChurnPool.POOL, 0L);
    }

    @Override
    public int getPorts() {
        return 0;
    }

    @Override
    public Map<String, Double> getScalarRequests() {
        return devices;
    }

    @Override
    public Map<String, NamedResourceSetRequest> getCustomNamedResources() {
        return Map.of();
    }

    @Override
    public List<? extends ConstraintEvaluator> getHardConstraints() {
        return hard;
    }

    @Override
    public List<? extends VMTaskFitnessCalculator> getSoftConstraints() {
        return soft;
    }

    @Override
    public void setAssignedResources(AssignedResources resources) {
        assigned = resources;
    }

    @Override
    public @Nullable AssignedResources getAssignedResources() {
        return assigned;
    }
}
