package io.kelpie.controller.store.zookeeper;

import io.kelpie.controller.store.StoreUnavailableException;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.KeeperException.Code;
import org.jspecify.annotations.Nullable;

/** Makes our exceptions of ZooKeeper's result codes. */
final class ZooKeeperFailure {
    private ZooKeeperFailure() {}

    static StoreUnavailableException ofRead(int code, String path) {
        @Nullable Code known = Code.get(code);
        KeeperException cause = KeeperException.create(known == null ? Code.SYSTEMERROR : known, path);
        return new StoreUnavailableException("ZooKeeper did not answer for " + path + ": code " + code, cause);
    }
}
