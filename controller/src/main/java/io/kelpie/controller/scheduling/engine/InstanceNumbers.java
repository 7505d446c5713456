package io.kelpie.controller.scheduling.engine;

import java.util.Arrays;

/**
 * Numbers of instances. Those of one job are neighbours, in blocks as large as the job, so that what is known of them by
 * number is read from memory together. A block is used again when no instance has a number of it. Belongs to one thread.
 */
final class InstanceNumbers {
    private static final int PAGE_LOG = 3; // a page is one block, or several of one size
    private static final int PAGE = 1 << PAGE_LOG;

    private final IntList[] free = new IntList[PAGE_LOG + 1]; // by size: the first numbers of blocks that no job has
    private byte[] blockLog = new byte[0]; // by page
    private byte[] used = new byte[0]; // by the first number of a block
    private int limit; // all numbers are below

    InstanceNumbers() {
        Arrays.setAll(free, log -> new IntList());
    }

    /**
     * @param jobSize VMs of the job; 0 if unknown
     */
    int take(JobMembers members, int jobSize) {
        if (members.numbersLeft() == 0) {
            int log = Math.min(PAGE_LOG, Integer.SIZE - Integer.numberOfLeadingZeros(Math.max(0, jobSize - 1)));
            members.numbers(block(log), 1 << log);
        }
        int number = members.nextNumber();
        members.numbers(number + 1, members.numbersLeft() - 1);
        used[first(number)]++;
        return number;
    }

    void giveBack(int number, JobMembers members) {
        int first = first(number);
        if (--used[first] > 0) {
            return;
        }
        free[blockLog[first >> PAGE_LOG]].add(first);
        if (members.numbersLeft() > 0 && first(members.nextNumber()) == first) {
            members.numbers(0, 0);
        }
    }

    private int first(int number) {
        return number & (-1 << blockLog[number >> PAGE_LOG]);
    }

    private int block(int log) {
        if (free[log].isEmpty()) {
            int page = limit >> PAGE_LOG;
            limit += PAGE;
            if (limit > used.length) {
                used = Arrays.copyOf(used, limit * 2);
                blockLog = Arrays.copyOf(blockLog, used.length >> PAGE_LOG);
            }
            blockLog[page] = (byte) log;
            for (int first = limit - (1 << log); first >= page << PAGE_LOG; first -= 1 << log) {
                free[log].add(first);
            }
        }
        return free[log].removeLast();
    }
}
