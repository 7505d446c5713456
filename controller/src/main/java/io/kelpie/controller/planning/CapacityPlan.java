package io.kelpie.controller.planning;

import io.kelpie.controller.control.DecisionMessages;
import io.kelpie.controller.control.PlanBasis;
import io.kelpie.controller.control.Shapes;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.model.SpreadRule;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.RuleOutcome;
import io.kelpie.controller.scheduling.whatif.Capacity;
import io.kelpie.controller.scheduling.whatif.Loss;
import io.kelpie.controller.scheduling.whatif.Trial;
import io.kelpie.controller.view.ReadModel;
import io.kelpie.proto.v1.CapacityDomain;
import io.kelpie.proto.v1.GetCapacityRequest;
import io.kelpie.proto.v1.GetCapacityResponse;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.LabelRequirement;
import io.kelpie.proto.v1.Numa;
import io.kelpie.proto.v1.Placement;
import io.kelpie.proto.v1.VmTemplate;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

/** How many VMs of a kind fit. Safe for use by any thread. */
public final class CapacityPlan {
    private static final int COUNTED_MAX = 1_000_000;
    private static final int DOMAINS_MAX = 1_000;

    /** No job has this name; it only has to be one. */
    private static final JobKey ANY_JOB = new JobKey("", "");

    private CapacityPlan() {}

    /**
     * Counts.
     *
     * @param request a valid one
     */
    public static GetCapacityResponse of(PlanBasis basis, ReadModel model, GetCapacityRequest request, long nowMillis) {
        PlacementRequest one = one(request);
        Optional<String> byLabel =
                Optional.of(request.getBy()).filter(by -> !by.isEmpty() && !by.equals(SpreadRule.HOST));
        Capacity now = Capacity.of(basis.snapshot(), one, basis.policy(), basis.seed(), byLabel, COUNTED_MAX);
        GetCapacityResponse.Builder answer = GetCapacityResponse.newBuilder()
                .setFitsNow(now.fits())
                .setHosts(now.hosts())
                .addAllRules(DecisionMessages.rules(
                        now.stops().stream().map(Capacity.Stop::outcome).toList()));
        now.limiting().map(RuleOutcome::rule).ifPresent(answer::setLimitingRule);
        Capacity after = now;
        if (request.getLose() > 0) {
            Trial trial = Trial.of(basis.snapshot(), basis.policy().withoutStartsInFlight(), basis.seed());
            ModelMoveRules known = new ModelMoveRules(model, basis.sharedPools(), nowMillis);
            Loss loss = Loss.of(
                    trial,
                    request.getLose(),
                    byLabel,
                    vm -> vm.restartable() ? Optional.of(known.request(vm).comingBack()) : Optional.empty());
            after = Capacity.of(trial.inventory(), one, byLabel, COUNTED_MAX);
            answer.addAllLost(loss.domains())
                    .setRestarted(loss.restarted())
                    .setStranded(loss.stranded().size())
                    .setGone(loss.gone());
        }
        answer.setFitsAfterLoss(after.fits());
        if (byLabel.isPresent()) {
            domains(basis, byLabel.get(), now, after, answer);
        }
        return answer.build();
    }

    private static void domains(
            PlanBasis basis, String label, Capacity now, Capacity after, GetCapacityResponse.Builder answer) {
        SortedMap<String, Integer> hosts = new TreeMap<>();
        for (HostView host : basis.snapshot().hosts()) {
            hosts.merge(host.traits().labels().getOrDefault(label, ""), 1, Integer::sum);
        }
        hosts.entrySet().stream()
                .limit(DOMAINS_MAX)
                .forEach(domain -> answer.addDomains(CapacityDomain.newBuilder()
                        .setName(domain.getKey())
                        .setHosts(domain.getValue())
                        .setFitsNow(now.byDomain().getOrDefault(domain.getKey(), 0))
                        .setFitsAfterLoss(after.byDomain().getOrDefault(domain.getKey(), 0))));
    }

    /** One VM of the kind, as a job's spec would have it. */
    private static PlacementRequest one(GetCapacityRequest request) {
        VmTemplate.Builder vm = VmTemplate.newBuilder()
                .setVcpus(request.getVcpus())
                .setMemoryMib(request.getMemoryMib())
                .setHugepages(request.getHugepages())
                .addAllDevices(request.getDevicesList())
                .setAcceleration(request.getAcceleration())
                .setDriver(request.getDriver());
        if (request.getNumaNodes() > 0) {
            vm.setNuma(Numa.newBuilder().setNodes(request.getNumaNodes()));
        }
        Placement.Builder placement = Placement.newBuilder();
        new TreeMap<>(request.getLabelsMap())
                .forEach((key, value) -> placement.addRequire(
                        LabelRequirement.newBuilder().setLabel(key).addIn(value)));
        JobSpec spec = JobSpec.newBuilder().setVm(vm).setPlacement(placement).build();
        return PlacementRequest.of(new UUID(0, 0), ANY_JOB, 0, 0, 0, Shapes.shape(spec), Shapes.rules(spec));
    }
}
