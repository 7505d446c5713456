package io.kelpie.common.yaml;

import java.util.Collection;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Finds the known word that a mistyped one was probably meant to be. */
public final class NearestWord {
    private NearestWord() {}

    /** The known word at the smallest edit distance, at most a third of its length (at least 1); null if none is. */
    public static @Nullable String of(String word, Collection<String> known) {
        String nearest = null;
        int best = Integer.MAX_VALUE;
        String typed = word.toLowerCase(Locale.ROOT);
        for (String candidate : known) {
            if (typed.length() > 2 * candidate.length() + 1) {
                continue; // no typing mistake, and perhaps far too long to compare
            }
            int distance = distance(typed, candidate.toLowerCase(Locale.ROOT));
            if (distance < best && distance <= Math.max(1, candidate.length() / 3)) {
                best = distance;
                nearest = candidate;
            }
        }
        return nearest;
    }

    /** Insertions, deletions, substitutions and swaps of two neighbours, each counted as one. */
    private static int distance(String a, String b) {
        int[][] steps = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    steps[i][j] = i + j;
                    continue;
                }
                int substitution = steps[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                steps[i][j] = Math.min(substitution, Math.min(steps[i - 1][j], steps[i][j - 1]) + 1);
                boolean swapped =
                        i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1);
                if (swapped) {
                    steps[i][j] = Math.min(steps[i][j], steps[i - 2][j - 2] + 1);
                }
            }
        }
        return steps[a.length()][b.length()];
    }
}
