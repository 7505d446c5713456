package io.kelpie.controller.leadership;

import static io.kelpie.controller.store.CommitOutcome.COMMITTED;
import static io.kelpie.controller.store.CommitOutcome.TERM_ENDED;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.model.Controller;
import io.kelpie.controller.model.ControllerIdentity;
import io.kelpie.controller.model.ControllerSet;
import io.kelpie.controller.store.ControllerSetRecords;
import io.kelpie.controller.store.RecordKey;
import io.kelpie.controller.store.StoredRecord;
import io.kelpie.controller.store.Write;
import io.kelpie.controller.store.WriteBatch;
import io.kelpie.controller.store.memory.MemoryCluster;
import io.kelpie.controller.store.memory.MemoryControllerSetStore;
import io.kelpie.controller.store.memory.MemoryStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class MemoryLeadershipTest {
    private static final List<Controller> BOTH =
            List.of(new Controller("one", "10.0.0.1:7400", true), new Controller("two", "10.0.0.2:7400", true));

    private final MemoryCluster cluster = new MemoryCluster(UUID.fromString("6a1f0b1e-7f5c-4f3e-9a52-0d7c1b2a3e4f"));
    private final List<MemoryControllerSetStore> stores = new ArrayList<>();
    private final MemoryLeadership one = leadership("one", "10.0.0.1:7400");
    private final MemoryLeadership two = leadership("two", "10.0.0.2:7400");
    private final RecordingListener first = new RecordingListener();
    private final RecordingListener second = new RecordingListener();

    private MemoryLeadership leadership(String id, String address) {
        MemoryControllerSetStore store = new MemoryControllerSetStore(cluster);
        ControllerSetView view = new ControllerSetView(store, new ControllerIdentity(id, address, BOTH));
        stores.add(store);
        view.start();
        store.refresh();
        return new MemoryLeadership(cluster, view);
    }

    private void commitSet(LeaderTerm term, ControllerSet set) {
        MemoryStore store = new MemoryStore(cluster);
        StoredRecord present =
                store.read(new RecordKey.ControllerSetKey()).join().orElseThrow();
        Write put =
                new Write.Put(present.key(), ControllerSetRecords.record(set).toByteString(), present.version());
        assertThat(store.commit(term, new WriteBatch(List.of(put))).join()).isEqualTo(COMMITTED);
    }

    @Test
    void oneThatIsCutOffKnowsWhatItReadBefore() {
        one.start(first);
        two.start(second);
        two.setConnected(false);
        two.expire();
        one.loseSession();
        assertThat(one.lastEpoch()).isEqualTo(2);
        assertThat(two.lastEpoch()).isEqualTo(1);
        two.setConnected(true);
        assertThat(two.lastEpoch()).isGreaterThanOrEqualTo(2);
    }

    @Test
    void oneThatIsNoMemberNeverLeads() {
        one.start(first);
        MemoryControllerSetStore store = new MemoryControllerSetStore(cluster);
        ControllerSetView view = new ControllerSetView(store, ControllerIdentity.alone("three", "10.0.0.3:7400"));
        MemoryLeadership three = new MemoryLeadership(cluster, view);
        RecordingListener third = new RecordingListener();
        view.start();
        three.start(third);
        store.refresh();
        one.close();
        assertThat(third.began()).isEmpty();
        assertThat(view.entry()).containsInstanceOf(ControllerSet.Entry.Refused.class);
    }

    /** The others have read the set without a third; it has not, and believes that it founds the cluster. */
    @Test
    void theStoreRefusesATermOfOneThatHasNotReadTheSet() {
        MemoryControllerSetStore store = new MemoryControllerSetStore(cluster);
        ControllerSetView view = new ControllerSetView(store, ControllerIdentity.alone("three", "10.0.0.3:7400"));
        MemoryLeadership three = new MemoryLeadership(cluster, view);
        RecordingListener third = new RecordingListener();
        view.start();
        store.refresh();
        one.start(first);
        three.start(third);
        three.usurp();
        assertThat(third.began()).isEmpty();
        assertThat(first.present()).isPresent();
    }

    @Test
    void aLeaderThatReadsASetWithoutItselfEndsItsTermForGood() {
        one.start(first);
        two.start(second);
        LeaderTerm term = first.present().orElseThrow();
        commitSet(term, new ControllerSet(2, List.of(BOTH.get(1)), List.of()));
        stores.forEach(MemoryControllerSetStore::refresh);
        assertThat(first.ended()).containsExactly(term);
        assertThat(second.present().orElseThrow().epoch()).isEqualTo(2);
        two.resign(second.present().orElseThrow());
        assertThat(first.began()).hasSize(1);
        assertThat(second.present().orElseThrow().epoch()).isEqualTo(3);
    }

    @Test
    void aMemberAcknowledgesWhatItHasRead() {
        one.start(first);
        assertThat(cluster.controllers().acknowledged()).isEmpty();
        stores.forEach(MemoryControllerSetStore::refresh);
        assertThat(cluster.controllers().acknowledged()).isEqualTo(Map.of("one", 1L, "two", 1L));
    }

    /** Two processes of one controller, as of a copied configuration: a host takes the answer of the one for both. */
    @Test
    void ofTwoThatGoByOneIdOnlyTheFirstIsThatController() {
        one.start(first);
        two.start(second);
        stores.forEach(MemoryControllerSetStore::refresh);
        MemoryControllerSetStore store = new MemoryControllerSetStore(cluster);
        ControllerSetView copy = new ControllerSetView(
                store, new ControllerIdentity("two", "10.0.0.2:7400", BOTH).heldBy("another-folder"));
        MemoryLeadership copied = new MemoryLeadership(cluster, copy);
        RecordingListener third = new RecordingListener();
        copy.start();
        copied.start(third);
        store.refresh();

        assertThat(copy.set()).isEmpty();
        assertThat(copy.otherHolder().orElseThrow().why())
                .contains("another data folder (two) is controller two")
                .contains("another-folder");
        assertThat(copy.otherHolder().orElseThrow().fix()).contains("give it a controllerId");
        copied.usurp();
        one.close();
        assertThat(third.began()).isEmpty();
        assertThat(second.present()).isPresent();
    }

    /** It leads before it has read anything: the write that begins its term makes it the controller, and no other. */
    @Test
    void aTermTakesTheSeatOfItsController() {
        one.start(first);
        MemoryControllerSetStore store = new MemoryControllerSetStore(cluster);
        ControllerSetView copy = new ControllerSetView(
                store, new ControllerIdentity("one", "10.0.0.1:7400", BOTH).heldBy("another-folder"));
        copy.start();
        store.refresh();
        assertThat(copy.otherHolder()).isPresent();
        stores.forEach(MemoryControllerSetStore::refresh);
        assertThat(first.present()).isPresent();
    }

    /** Its data folder is lost: an operator says that it is dead, and adds it again. */
    @Test
    void aControllerThatWasRemovedAndAddedAgainIsWhoeverComesThen() {
        one.start(first);
        two.start(second);
        stores.forEach(MemoryControllerSetStore::refresh);
        LeaderTerm term = first.present().orElseThrow();
        // Removed by version 2, which nobody has read.
        commitSet(
                term,
                new ControllerSet(3, List.of(BOTH.get(0), new Controller("two", "10.0.0.2:7400", true, 3)), List.of()));
        MemoryControllerSetStore store = new MemoryControllerSetStore(cluster);
        ControllerSetView anew =
                new ControllerSetView(store, new ControllerIdentity("two", "10.0.0.2:7400", BOTH).heldBy("new-folder"));
        anew.start();
        store.refresh();
        assertThat(anew.set().orElseThrow().version()).isEqualTo(3);
        assertThat(anew.otherHolder()).isEmpty();
        // The former one was not dead. It has read nothing of it yet; whatever it says, it says by the former set.
        two.usurp();
        assertThat(second.began()).isEmpty();
        stores.forEach(MemoryControllerSetStore::refresh);
        one.close();
        assertThat(second.began()).isEmpty();
    }

    @Test
    void theSetIsKeptWhileNoStoreAnswersAndNeverFalls() {
        one.start(first);
        MemoryControllerSetStore store = new MemoryControllerSetStore(cluster);
        ControllerSetView view = new ControllerSetView(store, new ControllerIdentity("two", "10.0.0.2:7400", BOTH));
        assertThat(view.set()).isEmpty();
        view.start();
        store.refresh();
        store.setConnected(false);
        store.refresh();
        assertThat(view.set().orElseThrow().version()).isEqualTo(1);
        cluster.wipe();
        store.setConnected(true);
        store.refresh();
        assertThat(view.set().orElseThrow().version()).isEqualTo(1);
        assertThat(view.clusterUuid()).contains("6a1f0b1e-7f5c-4f3e-9a52-0d7c1b2a3e4f");
    }

    @Test
    void theFirstThatStandsLeads() {
        assertThat(one.leaderAddress()).isEmpty();
        one.start(first);
        two.start(second);
        assertThat(first.present().orElseThrow().epoch()).isEqualTo(1);
        assertThat(second.began()).isEmpty();
        assertThat(two.leaderAddress()).contains("10.0.0.1:7400");
    }

    @Test
    void aResignedTermEndsAndTheNextControllerLeads() {
        one.start(first);
        two.start(second);
        LeaderTerm resigned = first.present().orElseThrow();
        one.resign(resigned);
        assertThat(first.ended()).containsExactly(resigned);
        assertThat(second.present().orElseThrow().epoch()).isEqualTo(2);
        one.resign(resigned);
        two.resign(second.present().orElseThrow());
        assertThat(first.present().orElseThrow().epoch()).isEqualTo(3);
        assertThat(first.broken()).isEmpty();
        assertThat(second.broken()).isEmpty();
    }

    @Test
    void aControllerAloneLeadsAgainAfterItsSession() {
        one.start(first);
        one.loseSession();
        assertThat(first.began().stream().map(LeaderTerm::epoch).toList()).containsExactly(1L, 2L);
        one.close();
        assertThat(first.present()).isEmpty();
        assertThat(first.broken()).isEmpty();
    }

    @Test
    void aLeaderThatWasNotToldCannotWrite() {
        one.start(first);
        two.start(second);
        two.usurp();
        LeaderTerm old = first.present().orElseThrow();
        MemoryStore oldStore = new MemoryStore(cluster);
        WriteBatch nothing = new WriteBatch(List.of());
        assertThat(oldStore.commit(old, nothing).join()).isEqualTo(TERM_ENDED);
        assertThat(new MemoryStore(cluster)
                        .commit(second.present().orElseThrow(), nothing)
                        .join())
                .isEqualTo(COMMITTED);
    }

    @Test
    void closingMakesWayForTheNext() {
        one.start(first);
        two.start(second);
        one.close();
        assertThat(first.present()).isEmpty();
        assertThat(second.present().orElseThrow().epoch()).isEqualTo(2);
        two.close();
        assertThat(first.began()).hasSize(1);
    }
}
