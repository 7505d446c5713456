package io.kelpie.it.benchmark.peer;

import ai.timefold.solver.core.api.solver.Solver;
import ai.timefold.solver.core.api.solver.SolverFactory;
import ai.timefold.solver.core.config.constructionheuristic.ConstructionHeuristicPhaseConfig;
import ai.timefold.solver.core.config.constructionheuristic.ConstructionHeuristicType;
import ai.timefold.solver.core.config.score.director.ScoreDirectorFactoryConfig;
import ai.timefold.solver.core.config.solver.EnvironmentMode;
import ai.timefold.solver.core.config.solver.SolverConfig;
import io.kelpie.it.benchmark.churn.ChurnEngine;
import io.kelpie.it.benchmark.churn.ChurnJob;
import io.kelpie.it.benchmark.churn.ChurnPool;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Timefold's construction heuristic (first fit: each VM in turn on the host of best score), a batch at a time, with a score
 * calculator that works incrementally, its fastest kind.
 */
public final class TimefoldEngine implements ChurnEngine {
    /** So many looks at a host a call: some seconds. */
    private static final int LOOKS = 1_000_000;

    private static final int VMS_MIN = 50;
    private static final int VMS_MAX_PER_HOST = 5;

    private final PeerRules rules;
    private final PeerBooks books;
    private final List<TimefoldHost> hosts;
    private final int batchVms;
    private final SolverFactory<TimefoldProblem> solvers = SolverFactory.create(new SolverConfig()
            .withSolutionClass(TimefoldProblem.class)
            .withEntityClasses(TimefoldVm.class)
            .withEnvironmentMode(EnvironmentMode.NO_ASSERT)
            .withScoreDirectorFactory(
                    new ScoreDirectorFactoryConfig().withIncrementalScoreCalculatorClass(TimefoldScore.class))
            .withPhases(new ConstructionHeuristicPhaseConfig()
                    .withConstructionHeuristicType(ConstructionHeuristicType.FIRST_FIT)));

    public TimefoldEngine(ChurnPool pool, int overcommitPercent) {
        rules = new PeerRules(pool);
        books = new PeerBooks(pool.hosts(), overcommitPercent);
        int count = pool.hosts().size();
        hosts = IntStream.range(0, count).mapToObj(TimefoldHost::new).toList();
        batchVms = Math.max(VMS_MIN, Math.min(LOOKS / count, VMS_MAX_PER_HOST * count));
    }

    @Override
    public int batchVms() {
        return batchVms;
    }

    @Override
    public void place(List<ChurnJob> jobs) {
        List<TimefoldVm> vms = new ArrayList<>();
        for (ChurnJob job : jobs) {
            for (int vm = 0; vm < job.vms(); vm++) {
                vms.add(new TimefoldVm(vms.size(), job, vm, rules));
            }
        }
        // The calculator books as the solver goes: at the end the books hold the solution.
        Solver<TimefoldProblem> solver = solvers.buildSolver();
        TimefoldProblem solved = solver.solve(new TimefoldProblem(hosts, vms, new TimefoldBooks(books, rules)));
        settle(solved);
    }

    /** Brings books and seats to what the solution says, whatever the calculator looked at last. */
    private void settle(TimefoldProblem solved) {
        for (TimefoldVm vm : solved.getVms()) {
            TimefoldHost chosen = vm.getHost();
            int host = chosen == null ? ChurnJob.NOWHERE : chosen.number();
            int seat = vm.job().seat(vm.vm());
            if (seat != host) {
                throw new IllegalStateException("the books say host " + seat + " and the solution " + host);
            }
        }
        if (solved.getScore() == null || !solved.getScore().isFeasible()) {
            throw new IllegalStateException("the solution breaks a rule: " + solved.getScore());
        }
    }

    @Override
    public void remove(ChurnJob job) {
        for (int vm = 0; vm < job.vms(); vm++) {
            if (job.seat(vm) != ChurnJob.NOWHERE) {
                books.giveBack(PeerNeed.of(job), job.seat(vm));
                job.seat(vm, ChurnJob.NOWHERE);
            }
        }
    }

    @Override
    public void adopt(ChurnJob job, int[] hosts) {
        for (int vm = 0; vm < job.vms(); vm++) {
            if (hosts[vm] != ChurnJob.NOWHERE) {
                books.take(PeerNeed.of(job), hosts[vm]);
                job.seat(vm, hosts[vm]);
            }
        }
    }
}
