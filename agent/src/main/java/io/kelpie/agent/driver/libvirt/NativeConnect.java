package io.kelpie.agent.driver.libvirt;

import com.sun.jna.Native;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.libvirt.Connect;
import org.libvirt.LibvirtException;
import org.libvirt.jna.DomainPointer;
import org.libvirt.jna.Libvirt;

/** A connection to libvirtd, with what libvirt-java's {@link Connect} lacks. Its calls may hang as long as libvirtd. */
final class NativeConnect extends Connect {
    private static final LibvirtExtras EXTRAS = Native.load("virt", LibvirtExtras.class);
    private static final int LIFECYCLE = 0; // VIR_DOMAIN_EVENT_ID_LIFECYCLE
    private static final int FAILED = -1;
    private static final int KEEPALIVE_SECONDS = 5;
    private static final int KEEPALIVE_COUNT = 3;

    /** The C library knows only its address: this reference keeps it from being collected. */
    @SuppressWarnings("UnusedVariable")
    private Libvirt.@Nullable VirConnectDomainEventCallback subscribed;

    private int subscription = FAILED;

    /** Opens a connection that libvirtd's silence of some 20 s closes, so that no call on it hangs for ever. */
    NativeConnect(String uri) throws LibvirtException {
        super(uri);
        setKeepAlive(KEEPALIVE_SECONDS, KEEPALIVE_COUNT);
    }

    /**
     * Subscribes to the lifecycle events of all domains; they come on libvirt's event thread.
     *
     * @return whether libvirt agreed
     */
    boolean subscribe(Consumer<LifecycleSignal> listener) {
        Libvirt.VirConnectDomainEventCallback callback = (connection, domain, event, detail, opaque) -> {
            listener.accept(new LifecycleSignal(uuid(domain), LifecycleSignal.Change.of(event, detail)));
            return 0;
        };
        subscribed = callback;
        subscription = Libvirt.INSTANCE.virConnectDomainEventRegisterAny(vcp, null, LIFECYCLE, callback, null, null);
        return subscription != FAILED;
    }

    /** Ends the subscription, which would keep the connection open. */
    void unsubscribe() {
        if (subscription != FAILED) {
            Libvirt.INSTANCE.virConnectDomainEventDeregisterAny(vcp, subscription);
            subscription = FAILED;
        }
    }

    /**
     * Ends a domain's QEMU by SIGTERM.
     *
     * @return whether it has ended
     */
    boolean destroyGracefully(UUID domain) {
        DomainPointer pointer = Libvirt.INSTANCE.virDomainLookupByUUIDString(vcp, domain.toString());
        if (pointer == null) {
            return false;
        }
        try {
            return EXTRAS.virDomainDestroyFlags(pointer, LibvirtExtras.VIR_DOMAIN_DESTROY_GRACEFUL) != FAILED;
        } finally {
            Libvirt.INSTANCE.virDomainFree(pointer);
        }
    }

    private static UUID uuid(DomainPointer domain) {
        byte[] text = new byte[Libvirt.VIR_UUID_STRING_BUFLEN];
        Libvirt.INSTANCE.virDomainGetUUIDString(domain, text);
        return UUID.fromString(new String(text, 0, text.length - 1, StandardCharsets.US_ASCII));
    }
}
