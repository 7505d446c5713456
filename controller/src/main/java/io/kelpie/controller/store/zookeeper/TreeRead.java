package io.kelpie.controller.store.zookeeper;

import com.google.protobuf.UnsafeByteOperations;
import io.kelpie.controller.store.RecordKey;
import io.kelpie.controller.store.StoredRecord;
import io.kelpie.controller.store.WriteBatch;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.OpResult;
import org.apache.zookeeper.OpResult.ErrorResult;
import org.apache.zookeeper.OpResult.GetChildrenResult;
import org.apache.zookeeper.OpResult.GetDataResult;
import org.apache.zookeeper.ZooKeeper;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads all records below a folder. One request asks for many of them, since with single ones both sides spend most of
 * their time on the requests; and several requests are under way at once, but not more than {@link #MAX_UNDER_WAY}, so
 * that neither side has to hold more than so many answers, and that a proof of the same session waits behind no more than
 * these. What vanishes between its listing and its reading is left out. Ends early when its result is completed by
 * another, for example cancelled. Used once.
 */
final class TreeRead {
    /** Requests. */
    static final int MAX_UNDER_WAY = 8;

    /** Records that one request asks for: the answer is below the limit even if each fills a batch of its own. */
    static final int RECORDS_AT_ONCE = 100;

    /** Folders that one request lists: a listing may be 1 MiB. */
    static final int LISTINGS_AT_ONCE = 16;

    static {
        if ((long) RECORDS_AT_ONCE * WriteBatch.MAX_BYTES > ZooKeeperClient.MAX_ANSWER_BYTES * 9L / 10) {
            throw new AssertionError("answers with " + RECORDS_AT_ONCE + " records can be above the limit");
        }
    }

    private static final Logger log = LoggerFactory.getLogger(TreeRead.class);

    /** Something still to be asked: the children of a folder, or the data of a record. */
    private record Question(String path, int levelsBelow) {
        boolean isRecord() {
            return levelsBelow == 0;
        }

        Op operation() {
            return isRecord() ? Op.getData(path) : Op.getChildren(path);
        }
    }

    private final ZooKeeper zooKeeper;
    private final ZooKeeperLayout layout;
    private final ZooKeeperLayout.Folder folder;
    private final Consumer<String> folderSeen;
    private final CompletableFuture<List<StoredRecord>> result;

    // Guarded by this.
    private final ArrayDeque<Question> questions = new ArrayDeque<>();
    private final List<StoredRecord> records = new ArrayList<>();
    private int underWay;

    /** @param result is completed with the records, on ZooKeeper's event thread */
    TreeRead(
            ZooKeeper zooKeeper,
            ZooKeeperLayout layout,
            ZooKeeperLayout.Folder folder,
            Consumer<String> folderSeen,
            CompletableFuture<List<StoredRecord>> result) {
        this.zooKeeper = zooKeeper;
        this.layout = layout;
        this.folder = folder;
        this.folderSeen = folderSeen;
        this.result = result;
    }

    void start() {
        synchronized (this) {
            questions.add(new Question(layout.folder(folder), folder.depth()));
        }
        askOn();
    }

    private void askOn() {
        while (!result.isDone()) {
            List<Question> request;
            synchronized (this) {
                if (questions.isEmpty() && underWay == 0) {
                    break;
                }
                if (questions.isEmpty() || underWay >= MAX_UNDER_WAY) {
                    return;
                }
                request = nextRequest();
                underWay++;
            }
            ask(request);
        }
        result.complete(records);
    }

    /** Questions of one kind. */
    private List<Question> nextRequest() {
        boolean ofRecords = questions.element().isRecord();
        int limit = ofRecords ? RECORDS_AT_ONCE : LISTINGS_AT_ONCE;
        List<Question> request = new ArrayList<>(Math.min(limit, questions.size()));
        Question next = questions.peek();
        while (next != null && next.isRecord() == ofRecords && request.size() < limit) {
            request.add(questions.remove());
            next = questions.peek();
        }
        return request;
    }

    private void ask(List<Question> request) {
        zooKeeper.multi(
                request.stream().map(Question::operation).toList(),
                (code, path, context, results) -> answered(request, code, results),
                null);
    }

    private void answered(List<Question> request, int code, @Nullable List<OpResult> results) {
        if (results == null || results.size() != request.size()) {
            fail(code, request.get(0));
        } else if (!result.isDone()) {
            List<StoredRecord> found = new ArrayList<>(request.size());
            for (int i = 0; i < results.size(); i++) {
                understand(request.get(i), results.get(i), found);
            }
            synchronized (this) {
                records.addAll(found);
            }
        }
        synchronized (this) {
            underWay--;
        }
        askOn();
    }

    private void understand(Question question, OpResult answer, List<StoredRecord> found) {
        if (answer instanceof GetDataResult data) {
            record(question.path(), data).ifPresent(found::add);
        } else if (answer instanceof GetChildrenResult children) {
            listed(question, children.getChildren());
        } else if (!(answer instanceof ErrorResult error)) {
            fail(Code.MARSHALLINGERROR.intValue(), question);
        } else if (error.getErr() != Code.NONODE.intValue()) {
            fail(error.getErr(), question);
        }
    }

    private void fail(int code, Question question) {
        result.completeExceptionally(ZooKeeperFailure.ofRead(code, question.path()));
    }

    private void listed(Question folderQuestion, List<String> children) {
        folderSeen.accept(folderQuestion.path());
        synchronized (this) {
            for (String child : children) {
                // Records first, so that the questions waiting stay few.
                Question question = new Question(folderQuestion.path() + "/" + child, folderQuestion.levelsBelow() - 1);
                if (question.isRecord()) {
                    questions.addFirst(question);
                } else {
                    questions.addLast(question);
                }
            }
        }
    }

    private Optional<StoredRecord> record(String path, GetDataResult answer) {
        Optional<RecordKey> key = layout.key(folder, path);
        if (key.isEmpty()) {
            log.warn("left out {}: not the name of a record", path);
            return Optional.empty();
        }
        byte @Nullable [] data = answer.getData();
        // Wrapped and not copied: the array was made for this answer, and nobody else has it.
        return Optional.of(new StoredRecord(
                key.get(),
                UnsafeByteOperations.unsafeWrap(data == null ? new byte[0] : data),
                answer.getStat().getVersion()));
    }
}
