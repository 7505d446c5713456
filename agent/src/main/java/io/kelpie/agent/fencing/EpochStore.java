package io.kelpie.agent.fencing;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The cluster that this host belongs to and the highest epoch that it has seen, on disk.
 *
 * <p>The file has two lines, {@code cluster <uuid>} and {@code epoch <number>}. It is written before the agent acts on
 * what it says, so a host that was once told of an epoch obeys no lower one, whatever crashed in between.
 *
 * <p>Thread-safe. {@link #highest} and {@link #cluster} do not block; {@link #welcome} blocks on the disk when it has
 * something new to write.
 */
public final class EpochStore {
    /** What the host thinks of a controller that calls itself its leader. */
    public sealed interface Verdict {
        /** It is obeyed, and its epoch and cluster are on disk. */
        record Obeyed() implements Verdict {}

        /** It is not the leader any more. */
        record LowerEpoch(long highest) implements Verdict {}

        /** It leads another cluster. */
        record OtherCluster(UUID own) implements Verdict {}
    }

    private record State(Optional<UUID> cluster, long epoch) {}

    private final SmallFile file;
    private volatile State state;

    private EpochStore(SmallFile file, State state) {
        this.file = file;
        this.state = state;
    }

    /**
     * Reads the file; one that does not exist stands for a host that has never seen a leader.
     *
     * @throws IOException if the file cannot be read or is not what this class wrote. It is never guessed: a host that
     *     forgot its epoch might obey a deposed leader.
     */
    public static EpochStore open(SmallFile file) throws IOException {
        Optional<String> text = file.read();
        if (text.isEmpty()) {
            return new EpochStore(file, new State(Optional.empty(), 0));
        }
        List<String> lines = text.get().lines().toList();
        if (lines.size() == 2
                && lines.get(0).startsWith("cluster ")
                && lines.get(1).startsWith("epoch ")) {
            try {
                UUID cluster = UUID.fromString(lines.get(0).substring("cluster ".length()));
                return new EpochStore(
                        file,
                        new State(
                                Optional.of(cluster),
                                Long.parseLong(lines.get(1).substring("epoch ".length()))));
            } catch (IllegalArgumentException e) {
                throw damaged(file, e);
            }
        }
        throw damaged(file, null);
    }

    /** {@link #open(SmallFile)} of a file on disk. */
    public static EpochStore open(Path file) throws IOException {
        return open(SmallFile.durable(file));
    }

    /** Highest epoch seen; 0 if none. */
    public long highest() {
        return state.epoch;
    }

    /** The cluster, once a first leader was obeyed. */
    public Optional<UUID> cluster() {
        return state.cluster;
    }

    /**
     * Judges a leader, and remembers it if it is obeyed.
     *
     * @throws IOException if it would be obeyed and that cannot be written; it is not obeyed then
     */
    public synchronized Verdict welcome(UUID cluster, long epoch) throws IOException {
        State now = state;
        if (now.cluster.isPresent() && !now.cluster.get().equals(cluster)) {
            return new Verdict.OtherCluster(now.cluster.get());
        }
        if (epoch < now.epoch) {
            return new Verdict.LowerEpoch(now.epoch);
        }
        State next = new State(Optional.of(cluster), epoch);
        if (!next.equals(now)) {
            file.write("cluster " + cluster + "\nepoch " + epoch + "\n");
            state = next;
        }
        return new Verdict.Obeyed();
    }

    private static IOException damaged(SmallFile file, @Nullable Throwable cause) {
        return new IOException(
                file.path()
                        + " does not say which cluster and epoch this host obeys. Fix: restore it from a copy; or, after "
                        + "making sure that no other cluster still commands this host, remove it",
                cause);
    }
}
