package io.kelpie.controller.store;

import static io.kelpie.controller.store.CommitOutcome.COMMITTED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kelpie.controller.leadership.LeaderTerm;
import io.kelpie.controller.model.Controller;
import io.kelpie.controller.model.ControllerSet;
import io.kelpie.controller.model.Seat;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What every store of the controller set must do. */
public abstract class ControllerSetStoreContract {
    private static final ControllerSet SECOND = new ControllerSet(
            2, List.of(new Controller("c1", "one:7400", true), new Controller("c2", "two:7400", false)), List.of("c1"));

    /** A connection of a controller to the test's cluster; the test's implementation closes it. */
    protected abstract ControllerSetStore newStore();

    /** Begins the next term of the test's cluster. */
    protected abstract LeaderTerm beginTerm();

    /** The records of the test's cluster; the test's implementation closes it. */
    protected abstract ClusterStore records();

    /** Cuts a connection, or heals it. */
    protected abstract void connect(ControllerSetStore store, boolean connected);

    /** Lets whatever is to be told be told. */
    protected abstract void letHappen();

    /** What one follower was told, in order. */
    private final class Told {
        final ControllerSetStore store = newStore();
        final List<ControllersRead> all = new CopyOnWriteArrayList<>();

        Told() {
            store.follow(all::add);
        }

        ControllersRead last() {
            return all.get(all.size() - 1);
        }

        Optional<ControllerSet> set() {
            return all.isEmpty() ? Optional.empty() : last().set();
        }
    }

    private void eventually(Callable<Boolean> holds) {
        await().atMost(Duration.ofSeconds(30)).until(() -> {
            letHappen();
            return holds.call();
        });
    }

    private void commit(ControllerSet set, LeaderTerm term) {
        ClusterStore records = records();
        int version = records.read(new RecordKey.ControllerSetKey())
                .orTimeout(30, TimeUnit.SECONDS)
                .join()
                .orElseThrow()
                .version();
        Write put = new Write.Put(
                new RecordKey.ControllerSetKey(),
                ControllerSetRecords.record(set).toByteString(),
                version);
        assertThat(records.commit(term, new WriteBatch(List.of(put)))
                        .orTimeout(30, TimeUnit.SECONDS)
                        .join())
                .isEqualTo(COMMITTED);
    }

    @Test
    void anEmptyStoreHasNoSetAndTheFirstTermBringsOne() {
        Told told = new Told();
        eventually(() -> !told.all.isEmpty());
        assertThat(told.last().set()).isEmpty();
        beginTerm();
        eventually(() -> told.set().isPresent());
        assertThat(told.last().clusterUuid()).isPresent();
        assertThat(told.last().set().orElseThrow().version()).isEqualTo(1);
        assertThat(told.last().acknowledged()).isEmpty();
    }

    @Test
    void everyFollowerIsToldOfAChange() {
        Told early = new Told();
        LeaderTerm term = beginTerm();
        commit(SECOND, term);
        Told late = new Told();
        eventually(() -> early.set().equals(Optional.of(SECOND)));
        eventually(() -> late.set().equals(Optional.of(SECOND)));
        commit(SECOND.settled(), term);
        eventually(() -> early.set().equals(Optional.of(SECOND.settled())));
        eventually(() -> late.set().equals(Optional.of(SECOND.settled())));
    }

    @Test
    void acknowledgementsAreToldAndNeverFall() {
        Told first = new Told();
        Told second = new Told();
        commit(SECOND, beginTerm());
        eventually(() -> second.set().equals(Optional.of(SECOND)));
        first.store.acknowledge("c1", 2);
        second.store.acknowledge("c2", 1);
        eventually(() -> second.last().acknowledged().equals(Map.of("c1", 2L, "c2", 1L)));
        eventually(() -> first.set().isPresent() && first.last().acknowledged().equals(Map.of("c1", 2L, "c2", 1L)));
        first.store.acknowledge("c1", 1);
        first.store.acknowledge("c2", 2);
        eventually(() -> second.last().acknowledged().equals(Map.of("c1", 2L, "c2", 2L)));
    }

    @Test
    void aSeatIsTakenOnceSinceTheMemberWasAdded() {
        Told first = new Told();
        Told second = new Told();
        commit(SECOND, beginTerm());
        eventually(() -> first.set().equals(Optional.of(SECOND)));
        eventually(() -> second.set().equals(Optional.of(SECOND)));
        first.store.takeSeat("c2", new Seat("folder-a", 2), 1);
        eventually(() -> new Seat("folder-a", 2).equals(second.last().seats().get("c2")));
        second.store.takeSeat("c2", new Seat("folder-b", 2), 2);
        letHappen();
        eventually(() -> new Seat("folder-a", 2).equals(second.last().seats().get("c2")));
        second.store.takeSeat("c2", new Seat("folder-b", 3), 3);
        eventually(() -> new Seat("folder-b", 3).equals(first.last().seats().get("c2")));
        assertThat(first.last().acknowledged()).isEmpty();
    }

    @Test
    void nothingIsToldTwice() {
        Told told = new Told();
        beginTerm();
        eventually(() -> told.set().isPresent());
        letHappen();
        assertThat(told.all).doesNotHaveDuplicates();
    }

    @Test
    void whatChangedWhileTheConnectionWasCutIsToldAfterwards() {
        Told told = new Told();
        LeaderTerm term = beginTerm();
        eventually(() -> told.set().isPresent());
        connect(told.store, false);
        int before = told.all.size();
        commit(SECOND, term);
        letHappen();
        assertThat(told.all).hasSize(before);
        connect(told.store, true);
        eventually(() -> told.set().equals(Optional.of(SECOND)));
    }
}
