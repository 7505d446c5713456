package io.kelpie.agent.instance;

import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends all leased instances once the host's lease has lapsed, wherever they are on their way, and does not give up: one
 * that cannot be killed keeps the host without a lease, and its report says why. Belongs to the loop.
 *
 * <p>An instance whose ledger entry is damaged is not waited for: whether it was leased is lost with the entry, and one
 * that was not must not keep the host without a lease for as long as it runs. If it was, its guard knows, by its own
 * arguments. The barrier stands only once the deadline file names the new lineage, and by then the last deadline that the
 * guard can have read of its own has passed: it ends its hypervisor within the kill margin, one that has not run its
 * hypervisor yet refuses to, and a later lease does not change that, as it has another lineage. Until drivers have
 * answered that nothing runs, the instance is reported as it was and no other of its VM starts here; elsewhere one starts
 * only after the leader has waited for the kill margin too.
 */
final class LeaseBarrier implements LeasedInstances {
    private static final Logger LOG = LoggerFactory.getLogger(LeaseBarrier.class);

    private static final Duration FIRST_RETRY = Duration.ofMillis(250);
    private static final Duration LAST_RETRY = Duration.ofSeconds(5);

    private final InstanceTable table;
    private final StopCommands stops;
    private boolean retrying;

    LeaseBarrier(InstanceTable table, StopCommands stops) {
        this.table = table;
        this.stops = stops;
    }

    @Override
    public long left() {
        return leftOver().size();
    }

    private List<Instance> leftOver() {
        return table.instances.values().stream()
                .filter(instance -> instance.entry.leased() && !instance.ended())
                .toList();
    }

    @Override
    public void end() {
        for (Instance instance : leftOver()) {
            LOG.warn("instance {} ({}) is killed: the host's lease has ended", instance.id, instance.entry.vmName());
            instance.lapsed = true;
            instance.cancel();
            instance.message = "the host's lease has ended; it is being killed";
            stops.carryOut(instance);
            if (!instance.ended()) {
                table.report(instance); // else its end is reported once it is on disk
            }
        }
        if (!retrying && left() > 0) {
            retrying = true;
            retry(FIRST_RETRY);
        }
    }

    private void retry(Duration pause) {
        table.with.loop().schedule(pause, () -> {
            List<Instance> left =
                    leftOver().stream().filter(instance -> instance.lapsed).toList();
            if (left.isEmpty()) {
                retrying = false;
                return;
            }
            Duration next = pause.multipliedBy(2);
            boolean last = next.compareTo(LAST_RETRY) > 0;
            for (Instance instance : left) {
                if (last) {
                    LOG.error(
                            "no lease is asked for while instance {} ({}) is left: {}. Fix: end it by hand, or boot the "
                                    + "host anew",
                            instance.id,
                            instance.entry.vmName(),
                            instance.message);
                }
                stops.carryOut(instance);
            }
            retry(last ? LAST_RETRY : next);
        });
    }
}
