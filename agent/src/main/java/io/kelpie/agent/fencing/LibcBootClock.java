package io.kelpie.agent.fencing;

import com.sun.jna.LastErrorException;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Structure;
import com.sun.jna.Structure.FieldOrder;

/** The boot clock by libc's {@code clock_gettime}, which Java does not have. Thread-safe. */
public final class LibcBootClock implements BootClock {
    private static final int CLOCK_BOOTTIME = 7;
    private static final long NANOS_PER_SECOND = 1_000_000_000;

    private final Libc libc = Native.load("c", Libc.class);

    /** The call that is needed; throws with errno if it answers -1. */
    interface Libc extends Library {
        int clock_gettime(int clock, Timespec time) throws LastErrorException;
    }

    /** {@code struct timespec} of a 64-bit kernel. */
    @FieldOrder({"seconds", "nanos"})
    public static final class Timespec extends Structure {
        public long seconds;
        public long nanos;
    }

    @Override
    public long nanos() {
        Timespec time = new Timespec();
        libc.clock_gettime(CLOCK_BOOTTIME, time);
        return time.seconds * NANOS_PER_SECOND + time.nanos;
    }
}
