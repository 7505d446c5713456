package io.kelpie.controller.control;

import io.kelpie.controller.model.VmState;
import io.kelpie.controller.scheduling.queue.PendingQueue;
import io.kelpie.controller.scheduling.queue.QueueFacts.Verdict;
import io.kelpie.proto.v1.Decision;
import io.kelpie.proto.v1.RuleOutcome;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Shows why VMs have no place. A decision on one VM is shown of all that it holds for, so many a round, so that a VM that
 * nobody decided on has its reasons too. Belongs to the control thread.
 */
final class PendingReasons {
    /** VMs that one round may show anew: bounds the tick. */
    static final int SHOWN_MAX = 1_000;

    /** Of the VMs that share a decision, so many get an event of their own, which others' events have to make room for. */
    private static final int EVENTS_MAX = 100;

    /** A class whose decision changes all the time is shown anew no more often. */
    private static final long AGAIN_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** The VMs of a class that are still to be shown its decision. */
    private static final class Telling {
        UUID decidedOn;
        Decision decision;
        final Deque<UUID> left = new ArrayDeque<>();
        boolean isOutdated;
        long begunNanos;
        int events;

        Telling(UUID decidedOn, Decision decision) {
            this.decidedOn = decidedOn;
            this.decision = decision;
        }
    }

    private final ClusterEditor cluster;
    private final PendingQueue queue;
    private final Consumer<Unit> pipeline;
    private final Map<Long, Telling> tellings = new LinkedHashMap<>();
    private final Set<UUID> untold = new LinkedHashSet<>();

    PendingReasons(ClusterEditor cluster, PendingQueue queue, Consumer<Unit> pipeline) {
        this.cluster = cluster;
        this.queue = queue;
        this.pipeline = pipeline;
    }

    /** A VM waits, and nothing was decided on it as it is now. */
    void waits(VmEntry vm) {
        if (vm.pendingDecision == null) {
            untold.add(vm.id());
        }
    }

    /** Says why the VM is not even tried to be placed. */
    void hold(VmEntry vm, String rule, String why) {
        Decision decision = Decision.newBuilder()
                .setAtMillis(cluster.nowMillis())
                .setIncarnation(vm.record().getIncarnation())
                .setHostsConsidered(cluster.hosts().size())
                .addRules(RuleOutcome.newBuilder()
                        .setRule(rule)
                        .setHostsRemoved(cluster.hosts().size())
                        .setFix(why))
                .build();
        Unit unit = new Unit();
        show(vm, decision, true, unit);
        pipeline.accept(unit);
    }

    /** Whether {@link #hold} has said that of the VM already. */
    static boolean isHeld(VmEntry vm, String rule, String why) {
        Decision shown = vm.pendingDecision;
        return shown != null
                && shown.getRulesCount() == 1
                && shown.getRules(0).getRule().equals(rule)
                && shown.getRules(0).getFix().equals(why);
    }

    /** No host will do for the VM: shows it, and soon of all that the decision holds for too. */
    void rejected(VmEntry vm, Decision decision) {
        Unit unit = new Unit();
        show(vm, decision, true, unit);
        pipeline.accept(unit);
        OptionalLong of = queue.classOf(vm.id());
        if (of.isPresent()) {
            Telling telling = tellings.computeIfAbsent(of.getAsLong(), any -> begin(new Telling(vm.id(), decision)));
            if (telling.decision != decision) {
                telling.decidedOn = vm.id();
                telling.decision = decision;
                telling.isOutdated = true;
            }
        }
    }

    /** A place is kept for the VM, as the decision says. */
    void nominated(VmEntry vm, Decision decision) {
        vm.pendingDecision = decision;
        Unit unit = new Unit();
        cluster.publishObservation(vm, unit);
        pipeline.accept(unit);
    }

    /** What was shown of the VM is not so any more. */
    void forget(VmEntry vm) {
        vm.pendingDecision = null;
        untold.add(vm.id());
    }

    /** Goes on with what is to be shown. */
    void round() {
        if (tellings.isEmpty() && untold.isEmpty()) {
            return;
        }
        Unit unit = new Unit();
        int left = SHOWN_MAX;
        for (Iterator<Telling> each = tellings.values().iterator(); each.hasNext() && left > 0; ) {
            Telling telling = each.next();
            boolean rested = cluster.nowNanos() - telling.begunNanos >= AGAIN_NANOS;
            if (telling.left.isEmpty() && rested && !telling.isOutdated) {
                each.remove();
                continue;
            }
            if (telling.left.isEmpty() && rested) {
                begin(telling);
            }
            for (; left > 0 && !telling.left.isEmpty(); left--) {
                tell(telling, unit);
            }
        }
        for (int i = Math.min(left, untold.size()); i > 0; i--) {
            UUID id = untold.iterator().next();
            untold.remove(id);
            catchUp(id, unit);
        }
        pipeline.accept(unit);
    }

    private Telling begin(Telling telling) {
        telling.left.addAll(queue.alike(telling.decidedOn));
        telling.isOutdated = false;
        telling.begunNanos = cluster.nowNanos();
        telling.events = 0;
        return telling;
    }

    private void tell(Telling telling, Unit unit) {
        UUID id = telling.left.removeFirst();
        waiting(id).filter(vm -> queue.blockedBy(id).isPresent()).ifPresent(vm -> {
            boolean withEvent = vm.pendingDecision == null && telling.events < EVENTS_MAX;
            telling.events += withEvent ? 1 : 0;
            show(vm, of(vm, telling.decision), withEvent, unit);
        });
    }

    /** Shows a VM that came to a class that was decided on before what was decided; or looks at it again later. */
    private void catchUp(UUID id, Unit unit) {
        VmEntry vm = waiting(id).orElse(null);
        if (vm == null || vm.pendingDecision != null) {
            return;
        }
        Optional<Verdict> verdict = queue.blockedBy(id);
        if (verdict.isEmpty()) {
            untold.add(id);
            return;
        }
        Decision decision = DecisionMessages.of(
                        verdict.get().decision(),
                        host -> "",
                        verdict.get().atMillis(),
                        vm.record().getIncarnation())
                .build();
        show(vm, decision, false, unit);
    }

    private Optional<VmEntry> waiting(UUID id) {
        return cluster.vm(id).filter(vm -> vm.state() == VmState.PENDING);
    }

    private static Decision of(VmEntry vm, Decision shared) {
        long incarnation = vm.record().getIncarnation();
        return shared.getIncarnation() == incarnation
                ? shared
                : shared.toBuilder().setIncarnation(incarnation).build();
    }

    private void show(VmEntry vm, Decision latest, boolean withEvent, Unit unit) {
        Decision former = vm.pendingDecision;
        if (former != null && isSame(former, latest)) {
            // Only some of a round are told with the smallest fix: it is kept as long as nothing has changed.
            vm.pendingDecision =
                    former.toBuilder().setAtMillis(latest.getAtMillis()).build();
            return;
        }
        vm.pendingDecision = latest;
        cluster.publishObservation(vm, unit);
        if (withEvent) {
            unit.then(() -> cluster.events().add(vm.subject(), "Unschedulable", summary(latest)));
        }
    }

    private static boolean isSame(Decision one, Decision other) {
        return one.getRulesList().equals(other.getRulesList())
                && one.getHostsConsidered() == other.getHostsConsidered();
    }

    private static String summary(Decision decision) {
        if (decision.getHostsConsidered() == 0) {
            return "there is no host in the cluster";
        }
        StringBuilder summary = new StringBuilder("none of " + decision.getHostsConsidered() + " hosts will do:");
        decision.getRulesList()
                .forEach(rule -> summary.append(' ')
                        .append(rule.getRule())
                        .append(" removed ")
                        .append(rule.getHostsRemoved())
                        .append(';'));
        summary.setLength(summary.length() - 1);
        return summary.toString();
    }
}
