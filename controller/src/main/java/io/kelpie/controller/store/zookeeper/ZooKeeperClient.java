package io.kelpie.controller.store.zookeeper;

import java.time.Duration;
import java.util.List;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.state.SessionConnectionStateErrorPolicy;
import org.apache.curator.retry.BoundedExponentialBackoffRetry;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.client.ZKClientConfig;
import org.apache.zookeeper.common.ZKConfig;
import org.apache.zookeeper.data.ACL;

/**
 * One controller's connection to the ensemble: one session, shared by its store and its leadership. Thread-safe. Close
 * it after both.
 */
public final class ZooKeeperClient implements AutoCloseable {
    /** A session lives this long without a sign of its client. */
    public static final Duration SESSION_TIMEOUT = Duration.ofSeconds(4);

    /**
     * How long Curator waits for the connection, in percent of the session's timeout, before it holds the session for
     * lost: all of it. Less would end terms that live: a connection that is reset is noticed at once, an ensemble that
     * elects its leader takes connections again after seconds, and the servers keep the session for the whole timeout.
     * The price is paid by a controller that is cut off in silence. It notices after two thirds of the timeout, and then
     * waits the whole of it, while another has begun to lead. Nothing that it sends in that time is applied: what
     * protects the store is the fence, which needs no clock. A controller that would rather stop earlier has to count
     * the time since its last answered write.
     */
    private static final int EXPIRATION_PERCENT = 100;

    /**
     * What one answer may be: {@link TreeRead} asks for many records at once, and even if each of them is as large as a
     * batch lets it be, their answer must not be refused, as that would cut the connection. (ZooKeeper's own limit, 1 MiB,
     * is a client's guard against what is no ZooKeeper server; memory is only used for what comes.)
     */
    static final int MAX_ANSWER_BYTES = 64 * 1024 * 1024;

    private static final int RETRY_FIRST_MILLIS = 50;
    private static final int RETRY_LONGEST_MILLIS = 1_000;
    private static final int RETRIES = 10;

    private final CuratorFramework curator;
    private final ZooKeeperLayout layout;
    private final String connectString;
    private final Duration sessionTimeout;

    private ZooKeeperClient(
            CuratorFramework curator, ZooKeeperLayout layout, String connectString, Duration sessionTimeout) {
        this.curator = curator;
        this.layout = layout;
        this.connectString = connectString;
        this.sessionTimeout = sessionTimeout;
    }

    /**
     * Begins to connect, and returns at once.
     *
     * @param connectString {@code host:port,host:port…}, and after it a path if the cluster does not lie at the top:
     *     {@code zk1:2181,zk2:2181,zk3:2181/kelpie}
     * @throws IllegalArgumentException if it has another form
     */
    public static ZooKeeperClient connect(String connectString) {
        return connect(connectString, SESSION_TIMEOUT);
    }

    /** As {@link #connect(String)}, with another timeout of the session. */
    public static ZooKeeperClient connect(String connectString, Duration sessionTimeout) {
        int slash = connectString.indexOf('/');
        String hosts = slash < 0 ? connectString : connectString.substring(0, slash);
        String root = slash < 0 || slash == connectString.length() - 1 ? "" : connectString.substring(slash);
        if (hosts.isBlank()) {
            throw new IllegalArgumentException("no host in ZooKeeper's address: " + connectString);
        }
        ZooKeeperLayout layout = new ZooKeeperLayout(root);
        int timeoutMillis = Math.toIntExact(sessionTimeout.toMillis());
        ZKClientConfig limits = new ZKClientConfig();
        limits.setProperty(ZKConfig.JUTE_MAXBUFFER, Integer.toString(MAX_ANSWER_BYTES));
        CuratorFramework curator = CuratorFrameworkFactory.builder()
                .zkClientConfig(limits)
                .connectString(hosts)
                .sessionTimeoutMs(timeoutMillis)
                .connectionTimeoutMs(timeoutMillis)
                .connectionStateErrorPolicy(new SessionConnectionStateErrorPolicy())
                .simulatedSessionExpirationPercent(EXPIRATION_PERCENT)
                // For the election only. Writes of the store do not go through Curator's retries: see ZooKeeperStore.
                .retryPolicy(new BoundedExponentialBackoffRetry(RETRY_FIRST_MILLIS, RETRY_LONGEST_MILLIS, RETRIES))
                // The operator's addresses hold, not those that the servers give each other.
                .ensembleTracker(false)
                // Folders that vanish when they are empty would make every listing racy.
                .dontUseContainerParents()
                .build();
        curator.start();
        return new ZooKeeperClient(curator, layout, connectString, sessionTimeout);
    }

    /** Begins to connect in the same way once more, with a session of its own; the caller's to close. */
    public ZooKeeperClient another() {
        return connect(connectString, sessionTimeout);
    }

    /** The connection itself. */
    public CuratorFramework curator() {
        return curator;
    }

    /** Where the cluster's records lie. */
    public ZooKeeperLayout layout() {
        return layout;
    }

    /** Who may do what with a znode that Kelpie makes: anyone who can reach the ensemble, as nothing authenticates. */
    public List<ACL> acl() {
        return ZooDefs.Ids.OPEN_ACL_UNSAFE;
    }

    /** True while a server answers. */
    public boolean isConnected() {
        return curator.getZookeeperClient().isConnected();
    }

    @Override
    public void close() {
        curator.close();
    }
}
