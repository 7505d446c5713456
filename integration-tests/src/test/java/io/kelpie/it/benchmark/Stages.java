package io.kelpie.it.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Where the time of a failover goes, as the logs of controllers and agents tell it. */
final class Stages {
    /** What a log says when a stage is over. */
    private record Stage(String text, Samples samples) {}

    private final List<Stage> stages;

    /** @param loss names the failover in the table */
    Stages(String loss) {
        stages = List.of(
                new Stage(" began; reading the store", new Samples("  " + loss + " to the term's begin")),
                new Stage(" grants leases: ", new Samples("  " + loss + " to hosts known")),
                new Stage("connected to the leader ", new Samples("  " + loss + " to the first host welcomed")),
                new Stage(" is active", new Samples("  " + loss + " to VMs known")));
    }

    /** Adds what was logged between two instants, counted from the first. */
    void add(List<Path> logs, Instant begin, Instant end) throws IOException {
        for (Stage stage : stages) {
            Optional<Instant> first = Optional.empty();
            for (Path log : logs) {
                Optional<Instant> here = first(log, stage.text(), begin, end);
                if (here.isPresent() && (first.isEmpty() || here.get().isBefore(first.get()))) {
                    first = here;
                }
            }
            first.ifPresent(
                    at -> stage.samples().add(TimeUnit.MILLISECONDS.toNanos(at.toEpochMilli() - begin.toEpochMilli())));
        }
    }

    private static Optional<Instant> first(Path log, String text, Instant begin, Instant end) throws IOException {
        for (String line : Files.readAllLines(log)) {
            if (line.contains(text)) {
                Optional<Instant> at = instant(line);
                if (at.isPresent() && !at.get().isBefore(begin) && !at.get().isAfter(end)) {
                    return at;
                }
            }
        }
        return Optional.empty();
    }

    private static Optional<Instant> instant(String line) {
        try {
            return Optional.of(
                    OffsetDateTime.parse(line.substring(0, line.indexOf(' '))).toInstant());
        } catch (DateTimeParseException | StringIndexOutOfBoundsException noTime) {
            return Optional.empty();
        }
    }

    List<Samples> rows() {
        List<Samples> rows = new ArrayList<>();
        stages.forEach(stage -> rows.add(stage.samples()));
        return rows;
    }
}
