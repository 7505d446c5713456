package io.kelpie.controller.scheduling.preempt;

import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.engine.Inventory;

/** The hosts that may do, handed out in the order of what they cost at least. A heap; allocates nothing per host. */
final class Shortlist {
    private final Inventory inventory;
    private final HostTable hosts;
    private int[] heap = new int[0];
    private int size;
    private long[] keys = new long[0]; // by host
    private long[] oldest = new long[0]; // by host

    Shortlist(Inventory inventory) {
        this.inventory = inventory;
        hosts = inventory.hosts();
    }

    void clear() {
        size = 0;
        if (keys.length < hosts.limit()) {
            heap = new int[hosts.limit()];
            keys = new long[hosts.limit()];
            oldest = new long[hosts.limit()];
        }
    }

    /** Adds a host, in no order yet. */
    void add(int host, long key, long oldestSinceMillis) {
        heap[size++] = host;
        keys[host] = key;
        oldest[host] = oldestSinceMillis;
    }

    int size() {
        return size;
    }

    /** A host by its place in no meaningful order. */
    int host(int at) {
        return heap[at];
    }

    /** Makes a host dearer than all with less skew; before {@link #order}. */
    void addSkew(int host, long skew) {
        keys[host] = Price.withSkew(keys[host], skew);
    }

    /** All are added: brings them in order. */
    void order() {
        for (int at = size / 2 - 1; at >= 0; at--) {
            sink(at);
        }
    }

    /** Takes the cheapest one out; {@link HostTable#UNKNOWN} if there is none. */
    int next() {
        if (size == 0) {
            return HostTable.UNKNOWN;
        }
        int first = heap[0];
        heap[0] = heap[--size];
        sink(0);
        return first;
    }

    /** No more is to come that could cost less than this. */
    Price least(int host) {
        return new Price(
                keys[host],
                oldest[host],
                inventory.hostRank(host),
                hosts.view(host).id());
    }

    private void sink(int from) {
        int at = from;
        int host = heap[at];
        while (2 * at + 1 < size) {
            int child = 2 * at + 1;
            if (child + 1 < size && isBefore(heap[child + 1], heap[child])) {
                child++;
            }
            if (!isBefore(heap[child], host)) {
                break;
            }
            heap[at] = heap[child];
            at = child;
        }
        heap[at] = host;
    }

    private boolean isBefore(int host, int other) {
        if (keys[host] != keys[other]) {
            return keys[host] < keys[other];
        }
        if (oldest[host] != oldest[other]) {
            return oldest[host] > oldest[other];
        }
        long rank = inventory.hostRank(host);
        long otherRank = inventory.hostRank(other);
        return rank == otherRank
                ? hosts.view(host).id().compareTo(hosts.view(other).id()) < 0
                : rank < otherRank;
    }
}
