package io.kelpie.controller.leadership;

import static org.awaitility.Awaitility.await;

import com.google.protobuf.InvalidProtocolBufferException;
import io.kelpie.common.time.TimeSource;
import io.kelpie.controller.store.memory.MemoryCluster;
import io.kelpie.controller.store.zookeeper.ZooKeeperClient;
import org.apache.zookeeper.KeeperException;

/** Begins terms for tests of the store, without an election. */
public final class TestTerms {
    private TestTerms() {}

    public static LeaderTerm begin(MemoryCluster cluster) {
        MemoryCluster.Term term = cluster.beginTerm("controller", "127.0.0.1:1");
        return new LeaderTerm(term.epoch(), term.fence());
    }

    public static LeaderTerm begin(ZooKeeperClient client) {
        await().until(client::isConnected);
        try {
            return new TermRegister(client, "controller", "127.0.0.1:1", TimeSource.system())
                    .begin(client.curator().getZookeeperClient().getZooKeeper());
        } catch (KeeperException | InterruptedException | InvalidProtocolBufferException cause) {
            throw new AssertionError(cause);
        } catch (Exception cause) {
            throw new AssertionError("no session", cause);
        }
    }
}
