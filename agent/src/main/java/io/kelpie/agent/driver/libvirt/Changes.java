package io.kelpie.agent.driver.libvirt;

import io.kelpie.agent.driver.DriverEvent;
import io.kelpie.agent.driver.DriverException;
import io.kelpie.agent.driver.InstanceId;
import io.kelpie.agent.driver.InstanceStatus.Power;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds what changes without this driver's doing: by libvirt's events, which are hints, and by comparing with what
 * libvirt has, after a connect and from time to time. All on the thread of events.
 */
final class Changes {
    private static final Logger LOG = LoggerFactory.getLogger(Changes.class);

    /** Events may be lost without a sign. */
    private static final Duration COMPARISON_PERIOD = Duration.ofSeconds(30);

    private static final Duration COMPARISON_RETRY = Duration.ofSeconds(2);

    private final Domains domains;
    private final Instances instances;
    private final AbandonedStarts abandoned;
    private final EventThread events;

    /** The next comparison with libvirt; only on the thread of events. */
    private Future<?> comparison = CompletableFuture.completedFuture(null);

    Changes(Domains domains, Instances instances, AbandonedStarts abandoned, EventThread events) {
        this.domains = domains;
        this.instances = instances;
        this.abandoned = abandoned;
        this.events = events;
    }

    void onSignal(LifecycleSignal signal) {
        TrackedInstance instance = instances.latest(signal.domain()).orElse(null);
        if (instance == null || instance.isGone()) {
            if (signal.change() == LifecycleSignal.Change.STARTED) {
                destroyIfAbandoned(signal.domain());
            }
            return;
        }
        switch (signal.change()) {
            case STARTED, OTHER -> {}
            case SUSPENDED -> report(instance, Power.PAUSED);
            case RESUMED -> report(instance, Power.RUNNING);
            case SHUTDOWN_BY_GUEST, SHUTDOWN_BY_HOST -> instance.shutdownBegan(signal.change());
            case STOPPED_SHUTDOWN, STOPPED_DESTROYED, STOPPED_CRASHED, STOPPED_TAKEN -> {
                instance.stopped(signal.change());
                if (!instance.isStarting()) {
                    checkStop(instance);
                }
            }
        }
    }

    private void report(TrackedInstance instance, Power power) {
        if (instance.powerChanged(power)) {
            events.tell(new DriverEvent.PowerChanged(instance.id(), power));
        }
    }

    /** An event said that the VM's domain has ended: this incarnation's, or one before it. */
    void checkStop(TrackedInstance instance) {
        switch (instances.presence(instance)) {
            case ABSENT -> instances.end(instance);
            case PRESENT -> instance.forgetStop();
            case UNKNOWN -> compareIn(COMPARISON_RETRY);
        }
    }

    /** After a connect, and from time to time: finds what has changed without an event. */
    void compareWithLibvirt() {
        Map<InstanceId, Power> present;
        try {
            present = domains.list();
        } catch (DriverException e) {
            LOG.info("instances are compared with libvirt's later: {}", e.getMessage());
            compareIn(COMPARISON_RETRY);
            return;
        }
        compareIn(COMPARISON_PERIOD);
        for (TrackedInstance instance : instances.all()) {
            if (instance.isGone() || instance.isStarting()) {
                continue;
            }
            Power power = present.get(instance.id());
            if (power == null) {
                checkStop(instance);
            } else if (power == Power.RUNNING || power == Power.PAUSED) {
                report(instance, power);
            }
        }
        for (InstanceId id : present.keySet()) {
            destroyIfAbandoned(id.vmId());
        }
    }

    private void compareIn(Duration delay) {
        comparison.cancel(false);
        comparison = events.runIn(delay, this::compareWithLibvirt);
    }

    private void destroyIfAbandoned(UUID vmId) {
        if (!abandoned.settle(vmId)) {
            compareIn(COMPARISON_RETRY);
        }
    }
}
