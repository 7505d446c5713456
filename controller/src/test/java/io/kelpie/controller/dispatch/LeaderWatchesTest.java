package io.kelpie.controller.dispatch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.stub.ServerCallStreamObserver;
import io.kelpie.common.error.KelpieException;
import io.kelpie.controller.leadership.LeaderTerm;
import io.kelpie.controller.leadership.TestTerms;
import io.kelpie.controller.store.memory.MemoryCluster;
import io.kelpie.proto.v1.WatchLeaderResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LeaderWatchesTest {
    private final MemoryCluster cluster = new MemoryCluster(UUID.randomUUID());
    private final LeaderTerm first = TestTerms.begin(cluster);
    private final LeaderTerm second = TestTerms.begin(cluster);
    private final LeaderWatches watches = new LeaderWatches();

    private Call watch(String host) {
        Call call = new Call();
        watches.watch(host, call);
        return call;
    }

    @Test
    void nothingIsSaidBeforeThisControllerLeadsAndThenAtOnce() {
        Call h1 = watch("h1");
        Call h2 = watch("h2");
        assertThat(h1.epochs).isEmpty();
        watches.termBegan(first);
        assertThat(h1.epochs).containsExactly(1L);
        assertThat(h2.epochs).containsExactly(1L);
        assertThat(h1.completed).isFalse();
    }

    @Test
    void whoComesLaterIsToldAtOnceAndOnlyOnce() {
        watches.termBegan(first);
        assertThat(watch("h1").epochs).containsExactly(1L);
    }

    @Test
    void eachTermIsTold() {
        Call h1 = watch("h1");
        watches.termBegan(first);
        watches.termEnded(first);
        assertThat(watch("h2").epochs).isEmpty();
        watches.termBegan(second);
        assertThat(h1.epochs).containsExactly(1L, 2L);
    }

    @Test
    void aHostHasOneCall() {
        Call older = watch("h1");
        Call newer = watch("h1");
        assertThat(older.completed).isTrue();
        older.cancel(); // comes late, and must not end the newer one
        watches.termBegan(first);
        assertThat(older.epochs).isEmpty();
        assertThat(newer.epochs).containsExactly(1L);
    }

    @Test
    void aCallThatIsGoneIsForgotten() {
        Call gone = watch("h1");
        gone.cancel();
        watches.termBegan(first);
        assertThat(gone.epochs).isEmpty();
    }

    @Test
    void notAnyNumberMayWait() {
        for (int i = 0; i < 20_000; i++) {
            watch("h" + i);
        }
        assertThatThrownBy(() -> watch("one more")).isInstanceOf(KelpieException.class);
        Call again = watch("h1");
        watches.termBegan(first);
        assertThat(again.epochs).containsExactly(1L);
    }

    /** The controller's end of a call. */
    private static final class Call extends ServerCallStreamObserver<WatchLeaderResponse> {
        final List<Long> epochs = new ArrayList<>();
        boolean completed;
        private boolean cancelled;
        private @Nullable Runnable onCancel;

        void cancel() {
            cancelled = true;
            if (onCancel != null) {
                onCancel.run();
            }
        }

        @Override
        public void onNext(WatchLeaderResponse message) {
            epochs.add(message.getEpoch());
        }

        @Override
        public void onError(Throwable failure) {
            completed = true;
        }

        @Override
        public void onCompleted() {
            completed = true;
        }

        @Override
        public boolean isCancelled() {
            return cancelled;
        }

        @Override
        public void setOnCancelHandler(Runnable handler) {
            onCancel = handler;
        }

        @Override
        public boolean isReady() {
            return !cancelled;
        }

        @Override
        public void setOnReadyHandler(Runnable handler) {}

        @Override
        public void setCompression(String compression) {}

        @Override
        public void setMessageCompression(boolean enable) {}

        @Override
        public void request(int count) {}

        @Override
        public void disableAutoInboundFlowControl() {}
    }
}
