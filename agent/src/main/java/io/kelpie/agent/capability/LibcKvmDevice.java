package io.kelpie.agent.capability;

import com.sun.jna.LastErrorException;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import java.nio.file.Path;

/** Asks by libc's {@code ioctl}, which Java does not have. Stateless. */
final class LibcKvmDevice implements KvmDevice {
    private static final int O_RDWR = 2;
    private static final int O_CLOEXEC = 0x80000;
    private static final NativeLong KVM_GET_API_VERSION = new NativeLong(0xAE00);
    private static final NativeLong KVM_CREATE_VM = new NativeLong(0xAE01);

    private final Libc libc = Native.load("c", Libc.class);

    /** The calls that are needed; each throws with errno if it answers -1. */
    interface Libc extends Library {
        int open(String path, int flags) throws LastErrorException;

        int ioctl(int fd, NativeLong request, NativeLong argument) throws LastErrorException;

        int close(int fd) throws LastErrorException;
    }

    @Override
    public Answer ask(Path device) {
        int fd;
        try {
            fd = libc.open(device.toString(), O_RDWR | O_CLOEXEC);
        } catch (LastErrorException e) {
            return new Answer(e.getErrorCode(), 0, 0, 0);
        }
        try {
            return ask(fd);
        } finally {
            libc.close(fd);
        }
    }

    private Answer ask(int fd) {
        int version;
        try {
            version = libc.ioctl(fd, KVM_GET_API_VERSION, new NativeLong(0));
        } catch (LastErrorException e) {
            return new Answer(0, 0, e.getErrorCode(), 0);
        }
        try {
            libc.close(libc.ioctl(fd, KVM_CREATE_VM, new NativeLong(0)));
            return new Answer(0, version, 0, 0);
        } catch (LastErrorException e) {
            return new Answer(0, version, 0, e.getErrorCode());
        }
    }
}
