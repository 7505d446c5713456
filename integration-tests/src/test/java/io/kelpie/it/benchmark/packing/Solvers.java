package io.kelpie.it.benchmark.packing;

import com.google.ortools.Loader;
import com.google.ortools.linearsolver.MPSolver;

/** OR-tools, whose native library is loaded once. */
final class Solvers {
    static {
        Loader.loadNativeLibraries();
    }

    private Solvers() {}

    /** A solver of linear programs. */
    static MPSolver linear() {
        MPSolver solver = MPSolver.createSolver("GLOP");
        if (solver == null) {
            throw new IllegalStateException("OR-tools has no GLOP here");
        }
        return solver;
    }

    /** For CP-SAT, which has no other use of this class. */
    static void load() {}

    /** Fails unless the program was solved to the optimum. */
    static void solve(MPSolver solver) {
        MPSolver.ResultStatus status = solver.solve();
        if (status != MPSolver.ResultStatus.OPTIMAL) {
            throw new IllegalStateException("the linear program ended with " + status);
        }
    }
}
