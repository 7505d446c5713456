package io.kelpie.agent.driver.libvirt;

import com.sun.jna.Library;
import org.libvirt.jna.DomainPointer;

/** Functions of libvirt's C library that libvirt-java lacks. */
interface LibvirtExtras extends Library {
    /** SIGTERM only; an error if the process does not end by it. */
    int VIR_DOMAIN_DESTROY_GRACEFUL = 1;

    int virDomainDestroyFlags(DomainPointer domain, int flags);
}
