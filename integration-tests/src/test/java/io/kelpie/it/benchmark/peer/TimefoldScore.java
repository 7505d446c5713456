package io.kelpie.it.benchmark.peer;

import ai.timefold.solver.core.api.score.buildin.hardmediumsoftlong.HardMediumSoftLongScore;
import ai.timefold.solver.core.api.score.calculator.IncrementalScoreCalculator;
import io.kelpie.it.benchmark.churn.ChurnJob;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.NullUnmarked;

/**
 * Hard: VMs on hosts that break a rule or have no room. Medium: VMs without a host. Soft: memory left beside each VM, so
 * that it packs; a preference that is not met counts as much as the memory of a host. Counts each VM at the moment of its
 * assignment, which is exact as long as none is moved later: a construction heuristic moves none.
 */
@NullUnmarked
public class TimefoldScore implements IncrementalScoreCalculator<TimefoldProblem, HardMediumSoftLongScore> {
    private static final long PREFERENCE_MIB = 256 * 1024;

    private TimefoldBooks context;
    private final List<TimefoldVm> booked = new ArrayList<>();
    private int[] hostOf = {};
    private int[] hardOf = {};
    private long[] softOf = {};
    private long hard;
    private long medium;
    private long soft;

    @Override
    public void resetWorkingSolution(TimefoldProblem problem) {
        for (int i = booked.size() - 1; i >= 0; i--) {
            leave(booked.get(i));
        }
        booked.clear();
        context = problem.books();
        int vms = problem.getVms().size();
        hostOf = new int[vms];
        Arrays.fill(hostOf, ChurnJob.NOWHERE);
        hardOf = new int[vms];
        softOf = new long[vms];
        hard = 0;
        soft = 0;
        medium = -vms;
        for (TimefoldVm vm : problem.getVms()) {
            enter(vm);
        }
    }

    @Override
    public void beforeEntityAdded(Object entity) {}

    @Override
    public void afterEntityAdded(Object entity) {}

    @Override
    public void beforeVariableChanged(Object entity, String variableName) {
        leave((TimefoldVm) entity);
    }

    @Override
    public void afterVariableChanged(Object entity, String variableName) {
        enter((TimefoldVm) entity);
    }

    @Override
    public void beforeEntityRemoved(Object entity) {}

    @Override
    public void afterEntityRemoved(Object entity) {}

    private void enter(TimefoldVm entity) {
        TimefoldHost choice = entity.getHost();
        if (choice == null) {
            return;
        }
        int host = choice.number();
        ChurnJob job = entity.job();
        PeerBooks books = context.books();
        boolean passes = entity.passesTraits(host)
                && books.hasRoom(entity.need(), host)
                && context.rules().allows(job, entity.vm(), host);
        books.take(entity.need(), host);
        int number = entity.number();
        hostOf[number] = host;
        hardOf[number] = passes ? 0 : -1;
        softOf[number] = -books.freeMemoryMib(host) - (entity.isPreferred(host) ? 0 : PREFERENCE_MIB);
        hard += hardOf[number];
        soft += softOf[number];
        medium++;
        job.seat(entity.vm(), host);
        booked.add(entity);
    }

    private void leave(TimefoldVm entity) {
        int number = entity.number();
        if (hostOf[number] == ChurnJob.NOWHERE) {
            return;
        }
        context.books().giveBack(entity.need(), hostOf[number]);
        entity.job().seat(entity.vm(), ChurnJob.NOWHERE);
        hard -= hardOf[number];
        soft -= softOf[number];
        medium--;
        hostOf[number] = ChurnJob.NOWHERE;
        if (!booked.isEmpty() && booked.get(booked.size() - 1) == entity) {
            booked.remove(booked.size() - 1);
        }
    }

    @Override
    public HardMediumSoftLongScore calculateScore() {
        return HardMediumSoftLongScore.of(hard, medium, soft);
    }
}
