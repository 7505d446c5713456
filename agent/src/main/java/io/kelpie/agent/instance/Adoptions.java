package io.kelpie.agent.instance;

import io.kelpie.agent.driver.DriverKind;
import io.kelpie.agent.driver.InstanceId;
import io.kelpie.agent.instance.Instance.Stage;
import io.kelpie.agent.instance.InstanceEnd.Reason;
import io.kelpie.agent.instance.LedgerEntry.Launch;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes charge of the instances of an earlier process of the agent. Belongs to the loop. */
final class Adoptions {
    private static final Logger LOG = LoggerFactory.getLogger(Adoptions.class);

    private static final Duration RETRY = Duration.ofSeconds(5);
    private static final int PER_DRIVER = 8;

    private final InstanceTable table;
    private final InstanceWatch watch;
    private final Adoption adoption;
    private final Lanes<Optional<DriverKind>> lanes;

    /** Instances of the earlier process of which it is not known yet whether they run. */
    private final Set<InstanceId> unknown = new HashSet<>();

    private long recoveryBeganNanos;

    Adoptions(InstanceTable table, InstanceWatch watch) {
        this.table = table;
        this.watch = watch;
        this.adoption = new Adoption(table.with.drivers(), table.with.folders());
        this.lanes = new Lanes<>(table.with.workers(), PER_DRIVER);
    }

    /** See {@link InstanceManager#recover}. */
    void recover(Ledger.Contents contents, Runnable settled) {
        recoveryBeganNanos = table.with.time().nanoTime();
        List<Instance> unsettled = new ArrayList<>();
        for (LedgerEntry entry : contents.entries()) {
            Instance instance = table.add(entry, entry.phase().ended() ? Stage.ENDED : Stage.ADOPTING);
            if (!instance.ended()) {
                unsettled.add(instance);
            }
        }
        for (Ledger.Damaged damaged : contents.damaged()) {
            LOG.error(
                    "the ledger entry of instance {} cannot be used: {}. The instance may be running; its drivers are asked, and "
                            + "until they have answered no other instance of its VM is started here. Fix: none is needed "
                            + "if `kelpie describe vm` shows it or its end afterwards; else stop the VM",
                    damaged.id(),
                    damaged.reason());
            Instance instance = table.add(
                    LedgerEntry.intent(damaged.id(), "", 0, 0, table.with.time().wallMillis()), Stage.ADOPTING);
            instance.message = "its ledger entry was damaged, see the agent's log; drivers are asked whether it runs";
            instance.entryLost = true;
            unsettled.add(instance);
        }
        adoptAll(unsettled, settled);
    }

    private void adoptAll(List<Instance> unsettled, Runnable settled) {
        Settling settling = new Settling(unsettled.size(), settled);
        unsettled.forEach(instance -> unknown.add(instance.id));
        for (Instance instance : unsettled) {
            if (instance.launch().isEmpty() && !instance.entryLost) {
                table.endWithoutProcess(instance, Reason.LOST, "the agent ended before the hypervisor was started");
                unknown.remove(instance.id);
                settling.one();
            } else {
                adopt(instance, settling::one);
            }
        }
        if (unknown.isEmpty()) {
            recovered();
        }
        settling.begin();
    }

    /** Counts the answers of the drivers. */
    private final class Settling {
        private int missing;
        private boolean done;
        private final Runnable settled;

        Settling(int missing, Runnable settled) {
            this.missing = missing;
            this.settled = settled;
        }

        void begin() {
            finishIf(missing == 0);
            if (!done) {
                table.with.loop().schedule(InstanceManager.ADOPTION_WAIT, () -> {
                    table.instances.values().stream()
                            .filter(i -> i.stage == Stage.ADOPTING && i.message.isEmpty())
                            .forEach(i -> i.message = "its driver has not answered since the agent was started");
                    finishIf(true);
                });
            }
        }

        void one() {
            missing--;
            finishIf(missing == 0);
        }

        private void finishIf(boolean now) {
            if (now && !done) {
                done = true;
                settled.run();
            }
        }
    }

    void adopt(Instance instance, Runnable answered) {
        Optional<Launch> launch = instance.launch();
        lanes.submit(instance.driver, "adopt " + instance.id, () -> adoption.find(instance.id, launch), outcome -> {
            if (instance.stage == Stage.ADOPTING) {
                outcome.handle(found -> adopted(instance, found), failure -> notAdopted(instance, failure));
            }
            if (instance.stage != Stage.ADOPTING && unknown.remove(instance.id) && unknown.isEmpty()) {
                recovered();
            }
            answered.run();
        });
    }

    private void adopted(Instance instance, Adoption.Found found) {
        found.launch().ifPresent(launch -> {
            instance.entry = instance.entry.withLaunch(launch);
            instance.driver = Optional.of(launch.handle().driver());
        });
        instance.message = "";
        LOG.info(
                "instance {} ({}) is {}",
                instance.id,
                instance.entry.vmName(),
                found.status().power());
        watch.settle(instance, found.status());
    }

    private void recovered() {
        Duration took = Duration.ofNanos(table.with.time().nanoTime() - recoveryBeganNanos);
        long running = table.instances.values().stream()
                .filter(instance -> !instance.ended())
                .count();
        LOG.info(
                "{} of {} instances of the ledger run; known {} ms after they were asked for",
                running,
                table.instances.size(),
                took.toMillis());
        table.with.observer().recovered(took);
    }

    private void notAdopted(Instance instance, Exception failure) {
        String message = "it is not known whether it runs: " + Failures.text(failure);
        if (!instance.message.equals(message)) {
            LOG.warn("instance {}: {}", instance.id, message, failure);
            instance.message = message;
        }
        table.report(instance);
        table.with.loop().schedule(RETRY, () -> {
            if (instance.stage == Stage.ADOPTING) {
                adopt(instance, () -> {});
            }
        });
    }
}
