package io.kelpie.controller.replay.input;

import io.kelpie.common.yaml.NearestWord;
import io.kelpie.common.yaml.QuotedText;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The columns that a kind of file may have.
 *
 * @param required each file has them
 * @param optional groups of columns of which a file has all or none
 */
record CsvColumns(List<String> required, List<List<String>> optional) {

    List<String> all() {
        List<String> all = new ArrayList<>(required);
        optional.forEach(all::addAll);
        return all;
    }

    /** As messages show the header, e.g. {@code vm,vcpus[,arrive_s,lifetime_s]}. */
    String shape() {
        return String.join(",", required)
                + optional.stream()
                        .map(group -> "[," + String.join(",", group) + "]")
                        .collect(Collectors.joining());
    }

    /** Where each of {@link #all} stands in the header, -1 if it does not. Faults go to {@code problems}. */
    int[] positions(String header, long line, Problems problems) {
        List<String> all = all();
        int[] positions = new int[all.size()];
        Arrays.fill(positions, -1);
        String[] names = header.split(",", -1);
        for (int i = 0; i < names.length; i++) {
            int known = all.indexOf(names[i]);
            if (known < 0) {
                problems.add(line, i + 1, "", unknown(names[i]), "the header is " + shape() + nearest(names[i], all));
            } else if (positions[known] >= 0) {
                problems.add(
                        line,
                        i + 1,
                        names[i],
                        "the column is there already, as column " + (positions[known] + 1),
                        "remove one of them");
            } else {
                positions[known] = i;
            }
        }
        if (problems.none()) {
            findMissing(positions, all, line, problems);
        }
        return positions;
    }

    private static String unknown(String name) {
        if (name.isEmpty()) {
            return "the column has no name";
        }
        return (name.indexOf('"') >= 0 ? "quotes are not read: " : "no such column: ") + QuotedText.of(name);
    }

    private static String nearest(String name, List<String> all) {
        String nearest = NearestWord.of(name.strip().replace("\"", ""), all);
        return nearest == null ? "" : ", did you mean " + nearest + "?";
    }

    private void findMissing(int[] positions, List<String> all, long line, Problems problems) {
        for (String name : required) {
            if (positions[all.indexOf(name)] < 0) {
                problems.add(line, 0, name, "the column is missing", "the header is " + shape());
            }
        }
        for (List<String> group : optional) {
            List<String> missing = group.stream()
                    .filter(name -> positions[all.indexOf(name)] < 0)
                    .toList();
            if (missing.size() < group.size()) {
                missing.forEach(name -> problems.add(
                        line,
                        0,
                        name,
                        "the column is missing",
                        "give all of " + String.join(",", group) + ", or none of them"));
            }
        }
    }
}
