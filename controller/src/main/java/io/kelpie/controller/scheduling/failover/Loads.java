package io.kelpie.controller.scheduling.failover;

import io.kelpie.controller.scheduling.engine.IntList;
import java.util.Arrays;

/**
 * For each pair of a host and a backup of some of its VMs, what these VMs take together; and for each backup the most
 * that any one host's take, amount by amount: that is kept there. Belongs to one thread.
 */
final class Loads {
    /** No pair. */
    static final int NONE = -1;

    private final Dimensions dimensions;
    private int stride = 8;
    private int limit;
    private final IntList holes = new IntList();
    private int[] lost = new int[0];
    private int[] backup = new int[0];
    private int[] vms = new int[0];
    private int[] nextOfLost = new int[0];
    private int[] previousOfLost = new int[0];
    private int[] nextOfBackup = new int[0];
    private int[] previousOfBackup = new int[0];
    private long[] amounts = new long[0]; // stride a pair
    private int[] firstOfLost = new int[0]; // by host
    private int[] firstOfBackup = new int[0]; // by host
    private int[] keeperAt = new int[0]; // by host: its place in keepers
    private long[] kept = new long[0]; // stride a host
    private int[] keepers = new int[16];
    private int keeperCount;

    Loads(Dimensions dimensions) {
        this.dimensions = dimensions;
    }

    /** Hosts that keep something, in no meaningful order. */
    int keeperCount() {
        return keeperCount;
    }

    int keeper(int i) {
        return keepers[i];
    }

    boolean isKeeper(int host) {
        return host < keeperAt.length && keeperAt[host] != NONE;
    }

    /** What the host keeps. */
    long kept(int host, int dimension) {
        return host < keeperAt.length && dimension < stride ? kept[host * stride + dimension] : 0;
    }

    /** The first pair of a host with its backups, or {@link #NONE}. */
    int firstOfLost(int host) {
        return host < firstOfLost.length ? firstOfLost[host] : NONE;
    }

    int nextOfLost(int pair) {
        return nextOfLost[pair];
    }

    /** The first pair of a backup with the hosts that it is one for, or {@link #NONE}. */
    int firstOfBackup(int host) {
        return host < firstOfBackup.length ? firstOfBackup[host] : NONE;
    }

    int nextOfBackup(int pair) {
        return nextOfBackup[pair];
    }

    int lost(int pair) {
        return lost[pair];
    }

    int backup(int pair) {
        return backup[pair];
    }

    /** What the pair's VMs take together. */
    long load(int pair, int dimension) {
        return dimension < stride ? amounts[pair * stride + dimension] : 0;
    }

    /** The pair of the two hosts, or {@link #NONE}. */
    int pair(int lostHost, int backupHost) {
        int pair = firstOfLost(lostHost);
        while (pair != NONE && backup[pair] != backupHost) {
            pair = nextOfLost[pair];
        }
        return pair;
    }

    /** A VM of the one host gets its backup on the other. */
    void add(int lostHost, int backupHost, Size size) {
        ensureHosts(Math.max(lostHost, backupHost));
        ensureStride();
        int pair = pair(lostHost, backupHost);
        if (pair == NONE) {
            pair = link(lostHost, backupHost);
        }
        vms[pair]++;
        for (int i = 0; i < size.count(); i++) {
            int at = pair * stride + size.dimension(i);
            amounts[at] += size.amount(i);
            int keptAt = backupHost * stride + size.dimension(i);
            kept[keptAt] = Math.max(kept[keptAt], amounts[at]);
        }
    }

    /** A VM of the one host has its backup on the other no longer. */
    void remove(int lostHost, int backupHost, Size size) {
        int pair = pair(lostHost, backupHost);
        for (int i = 0; i < size.count(); i++) {
            int dimension = size.dimension(i);
            int at = pair * stride + dimension;
            long before = amounts[at];
            amounts[at] = before - size.amount(i);
            if (before == kept[backupHost * stride + dimension]) {
                kept[backupHost * stride + dimension] = most(backupHost, dimension, before);
            }
        }
        if (--vms[pair] == 0) {
            unlink(pair);
        }
    }

    /** What any pair of the backup needs at most; none needs more than the bound, and often several that much. */
    private long most(int host, int dimension, long bound) {
        long most = 0;
        for (int pair = firstOfBackup[host]; pair != NONE && most < bound; pair = nextOfBackup[pair]) {
            most = Math.max(most, amounts[pair * stride + dimension]);
        }
        return most;
    }

    private int link(int lostHost, int backupHost) {
        int pair = holes.isEmpty() ? limit++ : holes.removeLast();
        if (pair == lost.length) {
            grow(Math.max(16, pair * 2));
        }
        lost[pair] = lostHost;
        backup[pair] = backupHost;
        vms[pair] = 0;
        Arrays.fill(amounts, pair * stride, (pair + 1) * stride, 0);
        nextOfLost[pair] = firstOfLost[lostHost];
        previousOfLost[pair] = NONE;
        if (firstOfLost[lostHost] != NONE) {
            previousOfLost[firstOfLost[lostHost]] = pair;
        }
        firstOfLost[lostHost] = pair;
        nextOfBackup[pair] = firstOfBackup[backupHost];
        previousOfBackup[pair] = NONE;
        if (firstOfBackup[backupHost] == NONE) {
            addKeeper(backupHost);
        } else {
            previousOfBackup[firstOfBackup[backupHost]] = pair;
        }
        firstOfBackup[backupHost] = pair;
        return pair;
    }

    private void unlink(int pair) {
        int after = nextOfLost[pair];
        int before = previousOfLost[pair];
        if (before == NONE) {
            firstOfLost[lost[pair]] = after;
        } else {
            nextOfLost[before] = after;
        }
        if (after != NONE) {
            previousOfLost[after] = before;
        }
        after = nextOfBackup[pair];
        before = previousOfBackup[pair];
        if (before == NONE) {
            firstOfBackup[backup[pair]] = after;
        } else {
            nextOfBackup[before] = after;
        }
        if (after != NONE) {
            previousOfBackup[after] = before;
        }
        if (firstOfBackup[backup[pair]] == NONE) {
            removeKeeper(backup[pair]);
        }
        holes.add(pair);
    }

    private void addKeeper(int host) {
        if (keeperCount == keepers.length) {
            keepers = Arrays.copyOf(keepers, keeperCount * 2);
        }
        keeperAt[host] = keeperCount;
        keepers[keeperCount++] = host;
    }

    private void removeKeeper(int host) {
        int last = keepers[--keeperCount];
        keepers[keeperAt[host]] = last;
        keeperAt[last] = keeperAt[host];
        keeperAt[host] = NONE;
    }

    private void ensureHosts(int host) {
        if (host < keeperAt.length) {
            return;
        }
        int formerly = keeperAt.length;
        int length = Math.max(16, host * 2);
        firstOfLost = Arrays.copyOf(firstOfLost, length);
        firstOfBackup = Arrays.copyOf(firstOfBackup, length);
        keeperAt = Arrays.copyOf(keeperAt, length);
        Arrays.fill(firstOfLost, formerly, length, NONE);
        Arrays.fill(firstOfBackup, formerly, length, NONE);
        Arrays.fill(keeperAt, formerly, length, NONE);
        kept = Arrays.copyOf(kept, length * stride);
    }

    private void ensureStride() {
        if (dimensions.count() <= stride) {
            return;
        }
        int wider = dimensions.count() + 4;
        amounts = widened(amounts, wider);
        kept = widened(kept, wider);
        stride = wider;
    }

    private long[] widened(long[] rows, int wider) {
        int count = rows.length / stride;
        long[] result = new long[count * wider];
        for (int row = 0; row < count; row++) {
            System.arraycopy(rows, row * stride, result, row * wider, stride);
        }
        return result;
    }

    private void grow(int length) {
        lost = Arrays.copyOf(lost, length);
        backup = Arrays.copyOf(backup, length);
        vms = Arrays.copyOf(vms, length);
        nextOfLost = Arrays.copyOf(nextOfLost, length);
        previousOfLost = Arrays.copyOf(previousOfLost, length);
        nextOfBackup = Arrays.copyOf(nextOfBackup, length);
        previousOfBackup = Arrays.copyOf(previousOfBackup, length);
        amounts = Arrays.copyOf(amounts, length * stride);
    }

    /** Whether the backup has not the room for the pair's VMs. */
    boolean overflows(int pair) {
        for (int dimension = 0; dimension < Math.min(stride, dimensions.count()); dimension++) {
            long load = amounts[pair * stride + dimension];
            if (load > 0 && load > dimensions.free(backup[pair], dimension)) {
                return true;
            }
        }
        return false;
    }
}
