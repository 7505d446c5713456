package io.kelpie.controller.store.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ZooKeeperClientTest {
    @ParameterizedTest
    @CsvSource({
        "'127.0.0.1:1', '/cluster', '127.0.0.1:1'",
        "'127.0.0.1:1/', '/cluster', '127.0.0.1:1'",
        "'127.0.0.1:1,127.0.0.1:2/a/b', '/a/b/cluster', '127.0.0.1:1,127.0.0.1:2'",
    })
    void readsAnAddressWithoutWaitingForIt(String address, String cluster, String servers) {
        try (ZooKeeperClient client = ZooKeeperClient.connect(address)) {
            assertThat(client.layout().cluster()).isEqualTo(cluster);
            assertThat(client.curator().getZookeeperClient().getCurrentConnectionString())
                    .isEqualTo(servers);
            assertThat(client.isConnected()).isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "/kelpie", "127.0.0.1:1/a//b", "127.0.0.1:1/a/"})
    void refusesAnAddressOfAnotherForm(String address) {
        assertThatThrownBy(() -> ZooKeeperClient.connect(address)).isInstanceOf(IllegalArgumentException.class);
    }
}
