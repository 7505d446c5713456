package io.kelpie.controller.scheduling.queue;

/**
 * What bounds the queue's own work.
 *
 * @param recheckMillis after so long without an event that could help, one VM of a blocked class is tried again all the
 *     same
 * @param rechecksMax classes that one {@link PendingQueue#advance} may set free for that reason
 * @param checksMax so many checks of a host against a class in one {@link PendingQueue#advance}, and the hosts that are
 *     left wait for the next; a host that was begun is finished
 */
public record QueueSettings(long recheckMillis, int rechecksMax, int checksMax) {
    public static final QueueSettings DEFAULT = new QueueSettings(60_000, 50, 100_000);

    public QueueSettings {
        if (recheckMillis < 1 || rechecksMax < 1 || checksMax < 1) {
            throw new IllegalArgumentException("every setting is at least 1");
        }
    }
}
