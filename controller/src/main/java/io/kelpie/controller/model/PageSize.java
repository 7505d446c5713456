package io.kelpie.controller.model;

/** A size of hugepages that a guest's memory can be made of. */
public enum PageSize {
    MIB_2(2, "2Mi"),
    GIB_1(1024, "1Gi");

    private final long mib;
    private final String text;

    PageSize(long mib, String text) {
        this.mib = mib;
        this.text = text;
    }

    /** Size of one page, in MiB. */
    public long mib() {
        return mib;
    }

    /** As a job's spec writes it. */
    @Override
    public String toString() {
        return text;
    }
}
