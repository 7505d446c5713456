package io.kelpie.agent.driver.libvirt;

import org.libvirt.LibvirtException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection that several threads use and that is closed when nobody uses it any more: the C library frees it on
 * close, under the feet of calls that are still on it.
 */
final class SharedConnect {
    private static final Logger LOG = LoggerFactory.getLogger(SharedConnect.class);

    private final NativeConnect connect;
    private int users; // guarded by this
    private boolean retired; // guarded by this

    SharedConnect(NativeConnect connect) {
        this.connect = connect;
    }

    /** The connection, to be given back with {@link #leave}; only if {@link #enter} said yes. */
    NativeConnect connect() {
        return connect;
    }

    /** Whether the caller may use the connection; it then must {@link #leave}. */
    synchronized boolean enter() {
        if (retired) {
            return false;
        }
        users++;
        return true;
    }

    void leave() {
        boolean last;
        synchronized (this) {
            users--;
            last = retired && users == 0;
        }
        if (last) {
            dispose();
        }
    }

    /** Lets nobody enter any more. */
    void retire() {
        boolean unused;
        synchronized (this) {
            unused = !retired && users == 0;
            retired = true;
        }
        if (unused) {
            dispose();
        }
    }

    /** On a thread of its own: libvirtd is asked, and may hang. */
    private void dispose() {
        Thread thread = new Thread(
                () -> {
                    try {
                        connect.unsubscribe();
                        connect.unregisterCloseListener();
                    } catch (LibvirtException e) {
                        LOG.debug("a closed connection to libvirt: {}", e.getMessage());
                    }
                    try {
                        connect.close();
                    } catch (LibvirtException e) {
                        LOG.debug("closing a connection to libvirt: {}", e.getMessage());
                    }
                },
                "kelpie-libvirt-close");
        thread.setDaemon(true);
        thread.start();
    }
}
