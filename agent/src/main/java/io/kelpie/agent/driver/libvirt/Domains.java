package io.kelpie.agent.driver.libvirt;

import io.kelpie.agent.driver.DriverException;
import io.kelpie.agent.driver.InstanceId;
import io.kelpie.agent.driver.InstanceStatus.Power;
import io.kelpie.agent.driver.Patience;
import io.kelpie.common.time.TimeSource;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.libvirt.Connect;
import org.libvirt.Domain;
import org.libvirt.DomainInfo.DomainState;
import org.libvirt.Error.ErrorNumber;
import org.libvirt.LibvirtException;

/**
 * What libvirtd knows of instances, and does to them. Every call has a deadline, names the instance, not
 * the domain, and does nothing to another incarnation.
 */
final class Domains {
    /** What is done to a domain. */
    private interface DomainCall {
        void on(NativeConnect connection, Domain domain) throws LibvirtException;
    }

    private static final int METADATA_ELEMENT = 2; // VIR_DOMAIN_METADATA_ELEMENT
    /** Summary of all disks. */
    private static final String ALL_DISKS = "";

    private final LibvirtConnection connection;
    private final TimeSource time;
    private final Duration answerTimeout;
    /** VMs whose QEMU is being asked something. */
    private final Set<UUID> asked = ConcurrentHashMap.newKeySet();

    /** Asks and changes over this connection; {@code answerTimeout} is for what libvirtd answers from its memory. */
    Domains(LibvirtConnection connection, TimeSource time, Duration answerTimeout) {
        this.connection = connection;
        this.time = time;
        this.answerTimeout = answerTimeout;
    }

    /** The VM's domain; empty if there is none. */
    Optional<DomainView> find(UUID vmId) throws DriverException {
        try {
            return connection.read("the look-up of VM " + vmId, answerTimeout, connect -> view(connect, vmId));
        } catch (LibvirtException e) {
            throw refused("the look-up of VM " + vmId, e);
        }
    }

    /** All instances that have not ended, with what their CPUs do. */
    Map<InstanceId, Power> list() throws DriverException {
        try {
            return connection.read("the list of domains", answerTimeout, connect -> {
                Map<InstanceId, Power> found = new HashMap<>();
                for (Domain domain :
                        connect.listAllDomains(Connect.ConnectListAllDomainsFlags.CONNECT_LIST_DOMAINS_ACTIVE)) {
                    try {
                        Optional<DomainView> view = view(domain);
                        view.flatMap(DomainView::id)
                                .filter(id -> view.get().isActive(id))
                                .ifPresent(id -> found.put(id, view.get().power()));
                    } finally {
                        domain.free();
                    }
                }
                return found;
            });
        } catch (LibvirtException e) {
            throw refused("the list of domains", e);
        }
    }

    /**
     * Makes a domain and runs it.
     *
     * @return whether it runs; false: there was no answer in time, and the domain is destroyed if it comes later, as far
     *     as libvirtd goes on to answer this connection
     * @throws LibvirtException if libvirt could not start it; it then has left nothing
     */
    boolean create(InstanceId id, String xml, Duration deadline) throws LibvirtException, DriverException {
        AtomicBoolean settled = new AtomicBoolean();
        AtomicBoolean begun = new AtomicBoolean();
        try {
            return connection.change("the start of " + id, deadline, () -> {}, connect -> {
                begun.set(true);
                Domain domain = connect.domainCreateXML(xml, Domain.CreateFlags.NONE);
                try {
                    if (!settled.compareAndSet(false, true)) {
                        domain.destroy();
                    }
                } finally {
                    domain.free();
                }
                return true;
            });
        } catch (DriverException e) {
            if (!settled.compareAndSet(false, true)) {
                return true; // it came in the last moment
            }
            if (begun.get()) {
                return false;
            }
            throw e;
        }
    }

    /** Asks the guest by ACPI to shut down; whether the request was made. */
    boolean requestShutdown(InstanceId id, Duration deadline) throws DriverException {
        return ask("the ACPI request to " + id, id, deadline, (connect, domain) -> domain.shutdown());
    }

    /** Ends QEMU by SIGTERM; whether it ended by it. */
    boolean quit(InstanceId id, Duration deadline) throws DriverException {
        AtomicBoolean ended = new AtomicBoolean();
        change(
                "the quit of " + id,
                id,
                deadline,
                () -> {},
                (connect, domain) -> ended.set(connect.destroyGracefully(id.vmId())));
        return ended.get();
    }

    /** Ends QEMU, by SIGKILL if need be; false: there was nothing to end. */
    boolean destroy(InstanceId id, Duration deadline) throws DriverException {
        return change("the end of " + id, id, deadline, () -> {}, (connect, domain) -> domain.destroy());
    }

    /** Stops the CPUs; false: there is no such instance. */
    boolean suspend(InstanceId id, Duration deadline) throws DriverException {
        return ask("the pause of " + id, id, deadline, (connect, domain) -> {
            if (power(domain.getInfo().state) != Power.PAUSED) {
                domain.suspend();
            }
        });
    }

    /** Lets the CPUs go on; false: there is no such instance. */
    boolean resume(InstanceId id, Duration deadline) throws DriverException {
        return ask("the resumption of " + id, id, deadline, (connect, domain) -> {
            if (power(domain.getInfo().state) != Power.RUNNING) {
                domain.resume();
            }
        });
    }

    /**
     * Asks QEMU something that changes nothing, to see whether it answers.
     *
     * @return false: there is no such instance
     * @throws DriverException if it does not answer in time
     */
    boolean ask(InstanceId id, Duration deadline) throws DriverException {
        return ask("a question to " + id, id, deadline, (connect, domain) -> domain.blockStats(ALL_DISKS));
    }

    /** Makes a call that waits for QEMU, one at a time: a QEMU that hangs holds one thread, not one for every call. */
    private boolean ask(String what, InstanceId id, Duration deadline, DomainCall call) throws DriverException {
        long end = time.nanoTime() + deadline.toNanos();
        if (!new Patience(time).until(deadline, () -> asked.add(id.vmId()))) {
            throw new DriverException("libvirt: " + what + " was not tried: QEMU does not answer an earlier call");
        }
        return change(what, id, Duration.ofNanos(end - time.nanoTime()), () -> asked.remove(id.vmId()), call);
    }

    private boolean change(String what, InstanceId id, Duration deadline, Runnable afterwards, DomainCall call)
            throws DriverException {
        try {
            return connection.change(what, deadline, afterwards, connect -> {
                Domain domain;
                try {
                    domain = connect.domainLookupByUUIDString(id.vmId().toString());
                } catch (LibvirtException e) {
                    return absentOrThrow(e);
                }
                try {
                    Optional<DomainView> view = view(domain);
                    if (view.isEmpty() || !view.get().isActive(id)) {
                        return false;
                    }
                    call.on(connect, domain);
                    return true;
                } catch (LibvirtException e) {
                    return absentOrThrow(e);
                } finally {
                    domain.free();
                }
            });
        } catch (LibvirtException e) {
            throw refused(what, e);
        }
    }

    private static boolean absentOrThrow(LibvirtException e) throws LibvirtException {
        if (e.getError().getCode() == ErrorNumber.VIR_ERR_NO_DOMAIN) {
            return false;
        }
        throw e;
    }

    private static Optional<DomainView> view(NativeConnect connect, UUID vmId) throws LibvirtException {
        Domain domain;
        try {
            domain = connect.domainLookupByUUIDString(vmId.toString());
        } catch (LibvirtException e) {
            absentOrThrow(e);
            return Optional.empty();
        }
        try {
            return view(domain);
        } finally {
            domain.free();
        }
    }

    private static Optional<DomainView> view(Domain domain) throws LibvirtException {
        try {
            Power power = power(domain.getInfo().state);
            return Optional.of(new DomainView(instance(domain), power));
        } catch (LibvirtException e) {
            absentOrThrow(e);
            return Optional.empty();
        }
    }

    private static Optional<InstanceId> instance(Domain domain) throws LibvirtException {
        try {
            return InstanceMetadata.parse(domain.getMetadata(METADATA_ELEMENT, InstanceMetadata.NAMESPACE, 0));
        } catch (LibvirtException e) {
            if (e.getError().getCode() == ErrorNumber.VIR_ERR_NO_DOMAIN_METADATA) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private static Power power(DomainState state) {
        return switch (state) {
            case VIR_DOMAIN_NOSTATE -> Power.STARTING;
            case VIR_DOMAIN_RUNNING, VIR_DOMAIN_BLOCKED, VIR_DOMAIN_SHUTDOWN -> Power.RUNNING;
            case VIR_DOMAIN_PAUSED, VIR_DOMAIN_PMSUSPENDED -> Power.PAUSED;
            case VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_CRASHED -> Power.GONE;
        };
    }

    private static DriverException refused(String what, LibvirtException e) {
        return new DriverException("libvirt refused " + what + ": " + e.getMessage(), "", e);
    }
}
