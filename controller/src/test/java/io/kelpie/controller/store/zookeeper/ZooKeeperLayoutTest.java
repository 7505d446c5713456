package io.kelpie.controller.store.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.store.RecordKey;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ZooKeeperLayoutTest {
    private static final UUID ID = UUID.fromString("0e0f8a0c-61cb-4c5a-9b5c-3a1d1e2f3a4b");

    private final ZooKeeperLayout layout = new ZooKeeperLayout("/kelpie");

    /** What is stored must be found by every later version: these paths never change. */
    @Test
    void pathsAreFixed() {
        assertThat(layout.cluster()).isEqualTo("/kelpie/cluster");
        assertThat(layout.term()).isEqualTo("/kelpie/term");
        assertThat(layout.fence("7-abc", 2)).isEqualTo("/kelpie/term/7-abc-2");
        assertThat(layout.record(new RecordKey.ClusterKey())).isEqualTo("/kelpie/cluster");
        assertThat(layout.record(new RecordKey.HostKey("h1"))).isEqualTo("/kelpie/hosts/h1");
        assertThat(layout.record(new RecordKey.CapabilitiesKey("h1"))).isEqualTo("/kelpie/capabilities/h1");
        assertThat(layout.record(new RecordKey.JobRecordKey(new JobKey("shop", "web"))))
                .isEqualTo("/kelpie/jobs/shop/51/web");
        assertThat(layout.record(new RecordKey.VmKey(ID))).isEqualTo("/kelpie/vms/6a/" + ID);
        assertThat(layout.record(new RecordKey.RequestKey(ID))).isEqualTo("/kelpie/requests/6a/" + ID);
        assertThat(new ZooKeeperLayout("").record(new RecordKey.HostKey("h1"))).isEqualTo("/hosts/h1");
    }

    @Test
    void foldersComeOutermostFirst() {
        assertThat(layout.foldersOf(new RecordKey.JobRecordKey(new JobKey("shop", "web"))))
                .containsExactly("/kelpie/jobs", "/kelpie/jobs/shop", "/kelpie/jobs/shop/51");
        assertThat(layout.foldersOf(new RecordKey.ClusterKey())).isEmpty();
        assertThat(new ZooKeeperLayout("").foldersOf(new RecordKey.HostKey("h1")))
                .containsExactly("/hosts");
    }

    @Test
    void aPathTellsItsKey() {
        Map<ZooKeeperLayout.Folder, RecordKey> keys = Map.of(
                ZooKeeperLayout.Folder.HOSTS, new RecordKey.HostKey("h1"),
                ZooKeeperLayout.Folder.CAPABILITIES, new RecordKey.CapabilitiesKey("h1"),
                ZooKeeperLayout.Folder.JOBS, new RecordKey.JobRecordKey(new JobKey("shop", "web")),
                ZooKeeperLayout.Folder.VMS, new RecordKey.VmKey(ID),
                ZooKeeperLayout.Folder.REQUESTS, new RecordKey.RequestKey(ID));
        assertThat(keys.keySet()).containsExactlyInAnyOrder(ZooKeeperLayout.Folder.values());
        keys.forEach((folder, key) ->
                assertThat(layout.key(folder, layout.record(key))).contains(key));
        for (String foreign : List.of("/kelpie/vms/6a/lock", "/kelpie/vms/00/" + ID, "/kelpie/vms/x/" + ID)) {
            assertThat(layout.key(ZooKeeperLayout.Folder.VMS, foreign))
                    .as(foreign)
                    .isEmpty();
        }
    }

    /** A folder lists at most about 10,000, also if ids count up, as those of time-ordered UUIDs do. */
    @Test
    void spreadsAMillionOverTheFolders() {
        Map<String, Integer> sizes = new HashMap<>();
        for (int i = 0; i < 1_000_000; i++) {
            String path = layout.record(new RecordKey.VmKey(new UUID(0x0190_0000_0000_7000L, i)));
            sizes.merge(path.substring(0, path.lastIndexOf('/')), 1, Integer::sum);
        }
        assertThat(sizes).hasSize(256);
        assertThat(sizes.values()).allMatch(size -> size < 10_000);
    }

    @ParameterizedTest
    @ValueSource(strings = {"kelpie", "/", "/kelpie/", "//kelpie", "/a/../b", "/a b", "/\n"})
    void refusesARootThatIsNoPath(String root) {
        assertThatThrownBy(() -> new ZooKeeperLayout(root)).isInstanceOf(IllegalArgumentException.class);
    }
}
