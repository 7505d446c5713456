package io.kelpie.agent.driver;

/** Sizes of hugepages that a guest's memory can be made of. */
public enum HugepageSize {
    TWO_MIB(2),
    ONE_GIB(1024);

    private final int mib;

    HugepageSize(int mib) {
        this.mib = mib;
    }

    /** Size of one page, in MiB. */
    public int mib() {
        return mib;
    }
}
