package io.kelpie.controller.scheduling.whatif;

import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.scheduling.ClusterSnapshot;
import io.kelpie.controller.scheduling.Decision;
import io.kelpie.controller.scheduling.HostTraits;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.InstanceView;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.Scheduler;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * What would become of each VM of a host that is drained. VMs leave in waves: those of one wave end together, then each
 * is decided on as {@link Scheduler} does, important ones first. A VM that finds no place stays where it is.
 *
 * @param hostId the host's UUID
 * @param waves how many there are
 * @param rows a row per VM on the host, in the order in which they leave; those that have to stay at the end
 */
public record DrainPreview(String hostId, int waves, List<Row> rows) {
    public DrainPreview {
        rows = List.copyOf(rows);
    }

    /** What becomes of a VM. */
    public enum Fate {
        /** It goes to another host. */
        MOVES,
        /** No other host takes it now. */
        NOWHERE,
        /** It may not be moved. */
        STAYS
    }

    /**
     * One VM of the host.
     *
     * @param vmId the VM
     * @param job its job
     * @param ordinal its number within the job
     * @param fate what becomes of it
     * @param wave the wave in which it leaves, from 1; 0 if it stays
     * @param decision the engine's; absent if it stays
     * @param reason why it has to stay, or why it waits for a later wave; else empty
     */
    public record Row(
            UUID vmId, JobKey job, int ordinal, Fate fate, int wave, Optional<Decision> decision, String reason) {}

    /**
     * Previews a drain of a host that the snapshot has.
     *
     * @param atOnce most VMs of the host that are away at once, at least 1
     * @throws IllegalArgumentException if the snapshot does not have the host
     */
    public static DrainPreview of(
            ClusterSnapshot snapshot,
            String hostId,
            SchedulingPolicy policy,
            long seed,
            int atOnce,
            MoveRules moveRules) {
        if (snapshot.hosts().stream().noneMatch(host -> host.id().equals(hostId))) {
            throw new IllegalArgumentException("the snapshot has no host " + hostId);
        }
        Trial trial = Trial.of(
                snapshot,
                policy.withoutStartsInFlight(),
                seed,
                host -> host.id().equals(hostId) ? draining(host) : host);
        return new Run(trial, moveRules, new Waves(atOnce, moveRules::budget)).preview(hostId);
    }

    private static HostView draining(HostView host) {
        HostTraits traits = host.traits();
        return new HostView(
                host.id(),
                host.name(),
                new HostTraits(
                        traits.labels(),
                        traits.ready(),
                        traits.cordoned(),
                        true,
                        traits.taints(),
                        traits.kvmVerified(),
                        traits.pagingMode(),
                        traits.cpuModels(),
                        traits.drivers()),
                host.size(),
                host.held(),
                host.startsInFlight(),
                host.images());
    }

    private static final class Run {
        private final Trial trial;
        private final MoveRules moveRules;
        private final Waves waves;
        private final List<Row> rows = new ArrayList<>();

        Run(Trial trial, MoveRules moveRules, Waves waves) {
            this.trial = trial;
            this.moveRules = moveRules;
            this.waves = waves;
        }

        DrainPreview preview(String hostId) {
            List<Integer> waiting = new ArrayList<>();
            List<Row> staying = new ArrayList<>();
            for (int position : inOrder(hostId)) {
                Optional<String> reason = whyStays(trial.view(position));
                if (reason.isPresent()) {
                    staying.add(row(trial.view(position), Fate.STAYS, 0, Optional.empty(), reason.get()));
                } else {
                    waiting.add(position);
                }
            }
            int wavesInAll = 0;
            while (!waiting.isEmpty()) {
                List<Integer> wave = leaving(waiting);
                wave.forEach(trial::release);
                List<Integer> nowhere = new ArrayList<>();
                for (int position : wave) {
                    if (decide(position) == Fate.NOWHERE) {
                        nowhere.add(position);
                    }
                }
                nowhere.forEach(trial::restore);
                wavesInAll = wave.isEmpty() ? wavesInAll : waves.wave();
                waiting.removeAll(wave);
                waves.next();
            }
            rows.addAll(staying);
            return new DrainPreview(hostId, wavesInAll, rows);
        }

        private List<Integer> inOrder(String hostId) {
            List<Integer> positions = new ArrayList<>(trial.on(hostId));
            positions.sort(Comparator.comparingInt(
                            (Integer position) -> -trial.view(position).priority())
                    .thenComparing(position -> trial.view(position).job())
                    .thenComparing(position -> trial.view(position).ordinal())
                    .thenComparing(position -> trial.view(position).vmId()));
            return positions;
        }

        private Optional<String> whyStays(InstanceView vm) {
            if (trial.of(vm.vmId()).size() > 1) {
                return Optional.of("is on its way between hosts");
            }
            Optional<String> forbidden = moveRules.forbidden(vm);
            return forbidden.isEmpty() && moveRules.budget(vm.job()).maxUnavailable() < 1
                    ? Optional.of("belongs to a job whose maxUnavailable is 0")
                    : forbidden;
        }

        private List<Integer> leaving(List<Integer> waiting) {
            List<Integer> leaving = new ArrayList<>();
            for (int position : waiting) {
                JobKey job = trial.view(position).job();
                if (waves.admits(job)) {
                    waves.take(job);
                    leaving.add(position);
                }
            }
            return leaving;
        }

        private Fate decide(int position) {
            InstanceView vm = trial.view(position);
            PlacementRequest request = moveRules.request(vm).comingBack();
            Decision decision = Scheduler.decide(trial.inventory(), trial.search(), request);
            Fate fate = decision.host().isPresent() ? Fate.MOVES : Fate.NOWHERE;
            rows.add(row(vm, fate, waves.wave(), Optional.of(decision), waits(vm)));
            return fate;
        }

        private String waits(InstanceView vm) {
            MoveRules.Budget budget = moveRules.budget(vm.job());
            if (waves.wave() == 1) {
                return "";
            }
            return budget.unavailable() > 0
                    ? "waits, " + budget.unavailable() + " of its job's VMs do not run and its maxUnavailable is "
                            + budget.maxUnavailable()
                    : "waits for the waves before";
        }

        private static Row row(InstanceView vm, Fate fate, int wave, Optional<Decision> decision, String reason) {
            return new Row(vm.vmId(), vm.job(), vm.ordinal(), fate, wave, decision, reason);
        }
    }
}
