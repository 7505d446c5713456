package io.kelpie.controller.store.memory;

import io.kelpie.controller.leadership.LeaderTerm;
import io.kelpie.controller.leadership.TestTerms;
import io.kelpie.controller.store.ClusterStore;
import io.kelpie.controller.store.ControllerSetStore;
import io.kelpie.controller.store.ControllerSetStoreContract;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

class MemoryControllerSetStoreTest extends ControllerSetStoreContract {
    private final MemoryCluster cluster = new MemoryCluster(UUID.fromString("6a1f0b1e-7f5c-4f3e-9a52-0d7c1b2a3e4f"));
    private final MemoryStore records = new MemoryStore(cluster);
    private final List<MemoryControllerSetStore> stores = new ArrayList<>();

    @Override
    protected ControllerSetStore newStore() {
        MemoryControllerSetStore store = new MemoryControllerSetStore(cluster);
        stores.add(store);
        return store;
    }

    @Override
    protected LeaderTerm beginTerm() {
        return TestTerms.begin(cluster);
    }

    @Override
    protected ClusterStore records() {
        return records;
    }

    @Override
    protected void connect(ControllerSetStore store, boolean connected) {
        ((MemoryControllerSetStore) store).setConnected(connected);
    }

    @Override
    protected void letHappen() {
        stores.forEach(MemoryControllerSetStore::refresh);
    }
}
