package io.kelpie.controller.trust;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.common.lease.LeaseProfile;
import io.kelpie.proto.v1.ClusterRecord;
import io.kelpie.proto.v1.RestoreRecord;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class StoreTrustTest {
    private static final UUID OURS = UUID.fromString("00000000-0000-4000-8000-000000000001");
    private static final UUID OTHER = UUID.fromString("00000000-0000-4000-8000-000000000002");
    private static final StoreHead EMPTY = new StoreHead(Optional.empty(), 0, Optional.empty());

    private static StoreHead store(UUID cluster, long epoch) {
        return new StoreHead(
                Optional.of(ClusterRecord.newBuilder()
                        .setClusterUuid(cluster.toString())
                        .build()),
                epoch,
                Optional.empty());
    }

    private static Optional<ClusterPin> pinned(long epoch) {
        return Optional.of(new ClusterPin(OURS, epoch));
    }

    private static ReadOnly distrusted(Optional<ClusterPin> pin, StoreHead head) {
        assertThat(StoreTrust.judge(pin, head)).isInstanceOf(StoreVerdict.Distrusted.class);
        return ((StoreVerdict.Distrusted) StoreTrust.judge(pin, head)).why();
    }

    @Test
    void onlyAControllerThatNeverBelongedToAClusterMakesOne() {
        assertThat(StoreTrust.judge(Optional.empty(), EMPTY)).isEqualTo(new StoreVerdict.MayCreate());
        ReadOnly why = distrusted(pinned(7), EMPTY);
        assertThat(why.kind()).isEqualTo(ReadOnly.Kind.EMPTY);
        assertThat(why.reason()).contains(OURS.toString()).contains("epoch 7");
        assertThat(why.fix()).contains("kelpie cluster restore").contains("kelpie cluster accept-store");
    }

    @Test
    void anUnpinnedControllerTakesTheStoreThatItFinds() {
        assertThat(StoreTrust.judge(Optional.empty(), store(OTHER, 3))).isEqualTo(new StoreVerdict.Trusted(OTHER));
    }

    @Test
    void theOwnStoreIsTrustedFromThePinnedEpochOn() {
        assertThat(StoreTrust.judge(pinned(7), store(OURS, 7))).isEqualTo(new StoreVerdict.Trusted(OURS));
        assertThat(StoreTrust.judge(pinned(7), store(OURS, 9))).isEqualTo(new StoreVerdict.Trusted(OURS));
        assertThat(distrusted(pinned(7), store(OURS, 6)).kind()).isEqualTo(ReadOnly.Kind.OLDER);
        assertThat(distrusted(pinned(1), store(OURS, 0)).kind())
                .as("a cluster without any term")
                .isEqualTo(ReadOnly.Kind.OLDER);
    }

    @Test
    void anotherClustersStoreIsForeignHoweverHighItsEpoch() {
        assertThat(distrusted(pinned(7), store(OTHER, 100)).kind()).isEqualTo(ReadOnly.Kind.FOREIGN);
    }

    @Test
    void aClusterRestoredOverAnEmptyOneTakesItsControllersAlong() {
        StoreHead restored = new StoreHead(
                Optional.of(ClusterRecord.newBuilder()
                        .setClusterUuid(OTHER.toString())
                        .addReplaces(OURS.toString())
                        .build()),
                5,
                Optional.empty());
        assertThat(StoreTrust.judge(pinned(7), restored)).isEqualTo(new StoreVerdict.Trusted(OTHER));
    }

    /** Its term would not outwait the leases of the terms before it, or theirs would not outwait its own. */
    @Test
    void aClusterWithOtherLeaseTimesIsNotLed() {
        StoreHead old = store(OURS, 9);
        StoreHead large = new StoreHead(
                Optional.of(old.cluster().orElseThrow().toBuilder()
                        .setLeaseTimes("large")
                        .build()),
                9,
                Optional.empty());
        assertThat(StoreTrust.judge(pinned(7), old, LeaseProfile.STANDARD)).isEqualTo(new StoreVerdict.Trusted(OURS));
        assertThat(StoreTrust.judge(pinned(7), large, LeaseProfile.LARGE)).isEqualTo(new StoreVerdict.Trusted(OURS));
        for (StoreVerdict verdict : List.of(
                StoreTrust.judge(pinned(7), old, LeaseProfile.LARGE),
                StoreTrust.judge(Optional.empty(), large, LeaseProfile.STANDARD))) {
            assertThat(verdict).isInstanceOf(StoreVerdict.Distrusted.class);
            assertThat(((StoreVerdict.Distrusted) verdict).why().kind()).isEqualTo(ReadOnly.Kind.OTHER_LEASE_TIMES);
        }
        ReadOnly why = ((StoreVerdict.Distrusted) StoreTrust.judge(pinned(7), large, LeaseProfile.STANDARD)).why();
        assertThat(why.reason()).contains("created with leaseTimes: large").contains("configured with standard");
        assertThat(why.fix()).contains("write leaseTimes: large");
    }

    @Test
    void nobodyLeadsAStoreThatHoldsAPartOfABackup() {
        RestoreRecord restore = RestoreRecord.newBuilder()
                .setClusterUuid(OURS.toString())
                .setControllerId("c2")
                .build();
        StoreHead half = new StoreHead(store(OURS, 9).cluster(), 9, Optional.of(restore));
        assertThat(distrusted(pinned(7), half).kind()).isEqualTo(ReadOnly.Kind.HALF_RESTORED);
        assertThat(distrusted(Optional.empty(), half).kind()).isEqualTo(ReadOnly.Kind.HALF_RESTORED);
        assertThat(distrusted(Optional.empty(), half).reason()).contains("c2");
    }
}
