package io.kelpie.controller.store.zookeeper;

import io.kelpie.controller.store.FencedSequence.Answer;
import java.util.List;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.OpResult;
import org.apache.zookeeper.OpResult.ErrorResult;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads ZooKeeper's answer to a {@code multi} whose first operation is on the fence. */
final class MultiAnswer {
    private static final Logger log = LoggerFactory.getLogger(MultiAnswer.class);

    private MultiAnswer() {}

    /**
     * What became of the batch.
     *
     * @param code result of the request
     * @param results of each operation, if a server answered: of a refused batch the first that is neither OK nor
     *     RUNTIMEINCONSISTENCY (which ZooKeeper writes on the operations beside it) is the one that was refused
     */
    static Answer of(int code, @Nullable List<OpResult> results) {
        if (code == Code.OK.intValue()) {
            return Answer.APPLIED;
        }
        if (results != null) {
            for (int index = 0; index < results.size(); index++) {
                if (results.get(index) instanceof ErrorResult error
                        && error.getErr() != Code.OK.intValue()
                        && error.getErr() != Code.RUNTIMEINCONSISTENCY.intValue()) {
                    return refused(index, Code.get(error.getErr()));
                }
            }
        }
        return Answer.LOST;
    }

    private static Answer refused(int index, @Nullable Code code) {
        if (code == Code.SESSIONEXPIRED || code == Code.SESSIONMOVED || code == Code.CONNECTIONLOSS) {
            return Answer.LOST;
        }
        if (index > 0) {
            log.error("ZooKeeper refused write {} of a batch: {}", index, code);
            return Answer.RECORD_REFUSED;
        }
        if (code == Code.BADVERSION) {
            return Answer.FENCE_BEHIND;
        }
        if (code != Code.NONODE) {
            log.error("ZooKeeper refused a write of the fence: {}", code);
        }
        return Answer.FENCE_GONE;
    }
}
