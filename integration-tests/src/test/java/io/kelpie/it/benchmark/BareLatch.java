package io.kelpie.it.benchmark;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CountDownLatch;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.leader.LeaderLatchListener;
import org.apache.curator.retry.RetryForever;

/**
 * A program of its own that does nothing but stand for election by Curator's latch, as a plain user of it would.
 * Arguments: connect string, session in milliseconds, and a file to which it writes a line with the monotonic clock's
 * milliseconds whenever it becomes the leader.
 */
public final class BareLatch {
    private static final int CONNECT_MILLIS = 2_000;
    private static final int RETRY_MILLIS = 100;

    private BareLatch() {}

    public static void main(String[] arguments) throws Exception {
        Path file = Path.of(arguments[2]);
        CuratorFramework client = CuratorFrameworkFactory.newClient(
                arguments[0], Integer.parseInt(arguments[1]), CONNECT_MILLIS, new RetryForever(RETRY_MILLIS));
        client.start();
        LeaderLatch latch = new LeaderLatch(client, "/bare-latch");
        latch.addListener(new LeaderLatchListener() {
            @Override
            public void isLeader() {
                try {
                    Files.writeString(
                            file,
                            System.nanoTime() / 1_000_000 + "\n",
                            StandardOpenOption.CREATE,
                            StandardOpenOption.APPEND);
                } catch (java.io.IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            }

            @Override
            public void notLeader() {
                // The others say when they have become it.
            }
        });
        latch.start();
        new CountDownLatch(1).await();
    }
}
