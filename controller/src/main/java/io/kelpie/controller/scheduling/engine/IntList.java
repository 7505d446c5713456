package io.kelpie.controller.scheduling.engine;

import java.util.Arrays;

/** A list of ints without boxes. Belongs to one thread. */
public final class IntList {
    private int[] values = new int[4];
    private int size;

    public int size() {
        return size;
    }

    public int get(int at) {
        return values[at];
    }

    public void add(int value) {
        if (size == values.length) {
            values = Arrays.copyOf(values, size * 2);
        }
        values[size++] = value;
    }

    /** Removes the value at a place; the last one comes there. */
    public void removeAt(int at) {
        values[at] = values[--size];
    }

    /** Removes one occurrence; the order of the others may change. */
    public void removeValue(int value) {
        for (int i = 0; i < size; i++) {
            if (values[i] == value) {
                values[i] = values[--size];
                return;
            }
        }
        throw new IllegalStateException(value + " is not in the list");
    }

    /** Adds the value if it is not there, or removes it if it is. */
    public void setMember(int value, boolean wanted) {
        for (int i = 0; i < size; i++) {
            if (values[i] == value) {
                if (!wanted) {
                    values[i] = values[--size];
                }
                return;
            }
        }
        if (wanted) {
            add(value);
        }
    }

    public int removeLast() {
        return values[--size];
    }

    public boolean isEmpty() {
        return size == 0;
    }

    public void clear() {
        size = 0;
    }
}
