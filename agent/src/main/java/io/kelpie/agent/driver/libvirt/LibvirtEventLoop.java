package io.kelpie.agent.driver.libvirt;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.libvirt.Connect;
import org.libvirt.Library;
import org.libvirt.LibvirtException;
import org.libvirt.jna.Libvirt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * libvirt's event loop on a daemon thread. The C library has one per process, never ended, and it must exist before the
 * first connection is opened: hence a singleton. It also keeps the C library from printing errors to standard error.
 */
enum LibvirtEventLoop {
    RUNNING;

    private static final long PAUSE_AFTER_ERROR_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /** The C library knows only its address: this reference keeps it from being collected. */
    @SuppressWarnings({"ImmutableEnumChecker", "unused"})
    private final Libvirt.VirErrorCallback errorSink;

    @SuppressWarnings({"ImmutableEnumChecker", "unused"})
    private final Thread thread;

    LibvirtEventLoop() {
        Logger log = LoggerFactory.getLogger(LibvirtEventLoop.class);
        errorSink = (userData, error) -> log.debug("libvirt: {}", error.message);
        try {
            Connect.setErrorCallback(errorSink);
            Library.initEventLoop();
        } catch (LibvirtException e) {
            throw new IllegalStateException("libvirt's event loop cannot be made", e);
        }
        thread = new Thread(() -> run(log), "kelpie-libvirt-events");
        thread.setDaemon(true);
        thread.start();
    }

    private static void run(Logger log) {
        while (true) {
            try {
                Library.processEvent();
            } catch (LibvirtException e) {
                log.warn("libvirt's event loop: {}", e.getMessage());
                LockSupport.parkNanos(PAUSE_AFTER_ERROR_NANOS);
            }
        }
    }
}
