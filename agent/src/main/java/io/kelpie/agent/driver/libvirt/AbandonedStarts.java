package io.kelpie.agent.driver.libvirt;

import io.kelpie.agent.driver.DriverException;
import io.kelpie.agent.driver.InstanceId;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts that were given up and may still happen: their domains are destroyed when they appear. Thread-safe. */
final class AbandonedStarts {
    private static final Logger LOG = LoggerFactory.getLogger(AbandonedStarts.class);

    /** Hardly any time: events wait for it. The call to libvirtd goes on. */
    private static final Duration DESTROY_TIMEOUT = Duration.ofMillis(500);

    private final Domains domains;
    private final Map<UUID, InstanceId> abandoned = new ConcurrentHashMap<>();

    AbandonedStarts(Domains domains) {
        this.domains = domains;
    }

    void add(InstanceId id) {
        abandoned.put(id.vmId(), id);
    }

    /** Another instance of the VM is about to be started. */
    void forget(UUID vmId) {
        abandoned.remove(vmId);
    }

    /**
     * Destroys the domain of a VM that has appeared, if its start was given up.
     *
     * @return whether nothing is left to be done
     */
    boolean settle(UUID vmId) {
        InstanceId id = abandoned.get(vmId);
        if (id == null) {
            return true;
        }
        try {
            if (domains.destroy(id, DESTROY_TIMEOUT)) {
                LOG.warn("destroyed {}, whose start had been given up", id);
            }
            abandoned.remove(vmId, id);
            return true;
        } catch (DriverException e) {
            LOG.warn("{}, whose start had been given up, is not destroyed yet: {}", id, e.getMessage());
            return false;
        }
    }
}
