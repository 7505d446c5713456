package io.kelpie.agent.fencing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kelpie.agent.fencing.EpochStore.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EpochStoreTest {
    private static final UUID CLUSTER = UUID.fromString("aaaaaaaa-0000-4000-8000-000000000001");
    private static final UUID OTHER = UUID.fromString("aaaaaaaa-0000-4000-8000-000000000002");

    @TempDir
    Path folder;

    private EpochStore open() throws IOException {
        return EpochStore.open(folder.resolve("epoch"));
    }

    @Test
    void aNewHostObeysItsFirstLeader() throws IOException {
        EpochStore store = open();
        assertThat(store.highest()).isZero();
        assertThat(store.cluster()).isEmpty();
        assertThat(store.welcome(CLUSTER, 1)).isEqualTo(new Verdict.Obeyed());
    }

    @Test
    void whatWasObeyedIsRemembered() throws IOException {
        open().welcome(CLUSTER, 4);
        EpochStore later = open();
        assertThat(later.highest()).isEqualTo(4);
        assertThat(later.welcome(CLUSTER, 3)).isEqualTo(new Verdict.LowerEpoch(4));
        assertThat(later.welcome(CLUSTER, 4)).isEqualTo(new Verdict.Obeyed());
        assertThat(later.welcome(CLUSTER, 9)).isEqualTo(new Verdict.Obeyed());
        assertThat(open().highest()).isEqualTo(9);
    }

    @Test
    void anotherClusterIsNeverObeyed() throws IOException {
        open().welcome(CLUSTER, 4);
        EpochStore store = open();
        assertThat(store.welcome(OTHER, 100)).isEqualTo(new Verdict.OtherCluster(CLUSTER));
        assertThat(open().highest()).isEqualTo(4);
    }

    @Test
    void whatCannotBeWrittenIsNotObeyed() throws IOException {
        EpochStore store = EpochStore.open(folder.resolve("absent/epoch"));
        assertThatThrownBy(() -> store.welcome(CLUSTER, 1)).isInstanceOf(IOException.class);
        assertThat(store.highest()).isZero();
    }

    @Test
    void aDamagedFileIsNotGuessed() throws IOException {
        for (String text : new String[] {"", "cluster x\nepoch 1\n", "cluster " + CLUSTER + "\n", "epoch 4\n"}) {
            Files.writeString(folder.resolve("epoch"), text);
            assertThatThrownBy(this::open).isInstanceOf(IOException.class).hasMessageContaining("Fix:");
        }
    }
}
