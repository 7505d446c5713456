package io.kelpie.controller.leadership;

import static io.kelpie.controller.store.CommitOutcome.COMMITTED;
import static io.kelpie.controller.store.CommitOutcome.TERM_ENDED;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.store.WriteBatch;
import io.kelpie.controller.store.memory.MemoryCluster;
import io.kelpie.controller.store.memory.MemoryStore;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class MemoryLeadershipTest {
    private final MemoryCluster cluster = new MemoryCluster(UUID.fromString("6a1f0b1e-7f5c-4f3e-9a52-0d7c1b2a3e4f"));
    private final MemoryLeadership one = new MemoryLeadership(cluster, "one", "10.0.0.1:7400");
    private final MemoryLeadership two = new MemoryLeadership(cluster, "two", "10.0.0.2:7400");
    private final RecordingListener first = new RecordingListener();
    private final RecordingListener second = new RecordingListener();

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
