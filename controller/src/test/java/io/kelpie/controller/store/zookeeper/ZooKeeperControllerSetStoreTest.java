package io.kelpie.controller.store.zookeeper;

import io.kelpie.controller.leadership.LeaderTerm;
import io.kelpie.controller.leadership.TestTerms;
import io.kelpie.controller.server.embedded.EmbeddedZooKeeper;
import io.kelpie.controller.store.ClusterStore;
import io.kelpie.controller.store.ControllerSetStore;
import io.kelpie.controller.store.ControllerSetStoreContract;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

class ZooKeeperControllerSetStoreTest extends ControllerSetStoreContract {
    private static final AtomicInteger clusters = new AtomicInteger();

    @TempDir
    private static Path folder;

    private static EmbeddedZooKeeper server;

    private final List<AutoCloseable> opened = new ArrayList<>();
    private final Map<ControllerSetStore, LossyProxy> proxies = new IdentityHashMap<>();
    private String root;
    private ZooKeeperClient direct;
    private ZooKeeperStore records;

    @BeforeAll
    static void startServer() throws Exception {
        server = EmbeddedZooKeeper.start(folder, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    @BeforeEach
    void open() {
        root = "/clusters/c" + clusters.incrementAndGet();
        direct = opened(ZooKeeperClient.connect(server.connectString() + root));
        records = opened(new ZooKeeperStore(direct));
    }

    @AfterEach
    void closeAll() throws Exception {
        for (int i = opened.size() - 1; i >= 0; i--) {
            opened.get(i).close();
        }
    }

    private <T extends AutoCloseable> T opened(T resource) {
        opened.add(resource);
        return resource;
    }

    @Override
    protected ControllerSetStore newStore() {
        try {
            LossyProxy proxy = opened(new LossyProxy(server.connectString()));
            ZooKeeperClient client = opened(ZooKeeperClient.connect(proxy.connectString() + root));
            ControllerSetStore store = opened(new ZooKeeperControllerSetStore(client));
            proxies.put(store, proxy);
            return store;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    protected LeaderTerm beginTerm() {
        return TestTerms.begin(direct);
    }

    @Override
    protected ClusterStore records() {
        return records;
    }

    @Override
    protected void connect(ControllerSetStore store, boolean connected) {
        LossyProxy proxy = Objects.requireNonNull(proxies.get(store));
        if (connected) {
            proxy.heal();
        } else {
            proxy.cut();
        }
    }

    @Override
    protected void letHappen() {}
}
