package io.kelpie.it.simulation;

/**
 * Prints after how many seeds each mutation is found. Arguments: seeds, hours, names of mutations (absent: all), and a
 * seed whose run is to be shown.
 */
public final class MutationMain {
    private MutationMain() {}

    public static void main(String[] args) {
        Defects.listen(args.length > 3);
        int max = Integer.parseInt(args[0]);
        double hours = Double.parseDouble(args[1]);
        for (Mutation mutation : Mutation.values()) {
            if (args.length > 2 && !args[2].contains(mutation.name())) {
                continue;
            }
            if (args.length > 3) {
                System.out.println(
                        mutation.run(Long.parseLong(args[3]), hours, true).violation());
                return;
            }
            long began = System.nanoTime();
            String found = "NOT FOUND in " + max;
            for (long seed = 1; seed <= max; seed++) {
                RunResult run = mutation.run(seed, hours, false);
                if (run.violation().isPresent() && !run.violation().get().startsWith("NoDefect")) {
                    found = "seed " + seed + " " + run.violation().get();
                    break;
                }
            }
            System.out.printf("%-26s %5.1f s  %.160s%n", mutation, (System.nanoTime() - began) / 1e9, found);
        }
    }
}
