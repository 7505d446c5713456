package io.kelpie.controller.store.zookeeper;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.ZooKeeper;

/** Ends sessions from outside, as the servers do when a client has been silent for too long. */
public final class Sessions {
    private Sessions() {}

    /** Ends the client's session on the servers: a second client takes it over, and closes it. */
    public static void kill(ZooKeeperClient client, String connectString) throws Exception {
        ZooKeeper session = client.curator().getZookeeperClient().getZooKeeper();
        CountDownLatch connected = new CountDownLatch(1);
        ZooKeeper thief = new ZooKeeper(
                connectString,
                4_000,
                event -> {
                    if (event.getState() == Watcher.Event.KeeperState.SyncConnected) {
                        connected.countDown();
                    }
                },
                session.getSessionId(),
                session.getSessionPasswd());
        if (!connected.await(20, TimeUnit.SECONDS)) {
            throw new AssertionError("could not take the session over");
        }
        thief.close();
    }
}
