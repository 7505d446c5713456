package io.kelpie.controller.store.zookeeper;

import com.google.protobuf.ByteString;
import io.kelpie.controller.store.RecordKey;
import io.kelpie.controller.store.StoredRecord;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.ZooKeeper;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads all records below a folder: many requests under way at once, but not more than {@link #MAX_UNDER_WAY}, so that
 * neither side has to hold more than so many answers. What vanishes between its listing and its reading is left out.
 * Used once.
 */
final class TreeRead {
    static final int MAX_UNDER_WAY = 256;

    private static final Logger log = LoggerFactory.getLogger(TreeRead.class);

    /** Something still to be asked: the children of a folder, or the data of a record. */
    private record Question(String path, int levelsBelow) {}

    private final ZooKeeper zooKeeper;
    private final ZooKeeperLayout layout;
    private final ZooKeeperLayout.Folder folder;
    private final Consumer<String> folderSeen;
    private final CompletableFuture<List<StoredRecord>> result = new CompletableFuture<>();

    // Guarded by this.
    private final ArrayDeque<Question> questions = new ArrayDeque<>();
    private final List<StoredRecord> records = new ArrayList<>();
    private int underWay;

    TreeRead(ZooKeeper zooKeeper, ZooKeeperLayout layout, ZooKeeperLayout.Folder folder, Consumer<String> folderSeen) {
        this.zooKeeper = zooKeeper;
        this.layout = layout;
        this.folder = folder;
        this.folderSeen = folderSeen;
    }

    CompletableFuture<List<StoredRecord>> start() {
        synchronized (this) {
            questions.add(new Question(layout.folder(folder), folder.depth()));
        }
        askOn();
        return result;
    }

    private void askOn() {
        while (!result.isDone()) {
            Question question;
            synchronized (this) {
                if (questions.isEmpty() && underWay == 0) {
                    break;
                }
                if (questions.isEmpty() || underWay >= MAX_UNDER_WAY) {
                    return;
                }
                question = questions.remove();
                underWay++;
            }
            ask(question);
        }
        result.complete(records);
    }

    private void ask(Question question) {
        if (question.levelsBelow() == 0) {
            zooKeeper.getData(
                    question.path(),
                    false,
                    (code, path, context, data, stat) ->
                            answered(code, question, () -> record(question.path(), data, stat.getVersion())),
                    null);
        } else {
            zooKeeper.getChildren(
                    question.path(),
                    false,
                    (code, path, context, children) -> answered(code, question, () -> listed(question, children)),
                    null);
        }
    }

    private void answered(int code, Question question, Runnable found) {
        if (code == Code.OK.intValue()) {
            found.run();
        } else if (code != Code.NONODE.intValue()) {
            result.completeExceptionally(ZooKeeperFailure.ofRead(code, question.path()));
        }
        synchronized (this) {
            underWay--;
        }
        askOn();
    }

    private void listed(Question folderQuestion, List<String> children) {
        folderSeen.accept(folderQuestion.path());
        synchronized (this) {
            for (String child : children) {
                // Records first, so that the questions waiting stay few.
                Question question = new Question(folderQuestion.path() + "/" + child, folderQuestion.levelsBelow() - 1);
                if (question.levelsBelow() == 0) {
                    questions.addFirst(question);
                } else {
                    questions.addLast(question);
                }
            }
        }
    }

    private void record(String path, byte @Nullable [] data, int version) {
        Optional<RecordKey> key = layout.key(folder, path);
        if (key.isEmpty()) {
            log.warn("left out {}: not the name of a record", path);
            return;
        }
        ByteString value = data == null ? ByteString.EMPTY : ByteString.copyFrom(data);
        StoredRecord record = new StoredRecord(key.get(), value, version);
        synchronized (this) {
            records.add(record);
        }
    }
}
