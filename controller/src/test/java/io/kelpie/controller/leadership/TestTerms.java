package io.kelpie.controller.leadership;

import static org.awaitility.Awaitility.await;

import com.google.protobuf.InvalidProtocolBufferException;
import io.kelpie.common.time.TimeSource;
import io.kelpie.controller.model.ControllerIdentity;
import io.kelpie.controller.store.memory.MemoryCluster;
import io.kelpie.controller.store.zookeeper.ZooKeeperClient;
import java.util.Optional;
import org.apache.zookeeper.KeeperException;

/** Begins terms for tests of the store, without an election. */
public final class TestTerms {
    private static final ControllerIdentity CONTROLLER = ControllerIdentity.alone("controller", "127.0.0.1:1");

    private TestTerms() {}

    public static LeaderTerm begin(MemoryCluster cluster) {
        return begin(cluster, CONTROLLER);
    }

    public static LeaderTerm begin(MemoryCluster cluster, ControllerIdentity controller) {
        MemoryCluster.Term term = cluster.beginTerm(controller).orElseThrow();
        return new LeaderTerm(term.epoch(), term.fence());
    }

    public static LeaderTerm begin(ZooKeeperClient client) {
        return begin(client, CONTROLLER);
    }

    public static LeaderTerm begin(ZooKeeperClient client, ControllerIdentity controller) {
        await().until(client::isConnected);
        try {
            return new TermRegister(client, controller, TimeSource.system())
                    .begin(client.curator().getZookeeperClient().getZooKeeper(), Optional.empty())
                    .term();
        } catch (KeeperException
                | InterruptedException
                | InvalidProtocolBufferException
                | DistrustedStoreException
                | TermRegister.NotEntitledException cause) {
            throw new AssertionError(cause);
        } catch (Exception cause) {
            throw new AssertionError("no session", cause);
        }
    }
}
