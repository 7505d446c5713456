package io.kelpie.it.chaos;

import io.kelpie.proto.v1.Host;
import io.kelpie.proto.v1.HostHealth;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.Vm;
import io.kelpie.proto.v1.VmState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** Compares what was promised with what is there. Not safe for use by several threads at once. */
final class Judge {
    private static final Duration ASK = Duration.ofSeconds(8);
    private static final long PAUSE_MILLIS = 500;

    private final TestCluster cluster;
    private final Map<String, JobSpec> promised = new TreeMap<>();
    private final Set<String> deleted = new HashSet<>();

    Judge(TestCluster cluster) {
        this.cluster = cluster;
    }

    /** A job whose submission was answered with yes. */
    synchronized void acknowledged(JobSpec job) {
        promised.put(job.getName(), job);
    }

    /** A job whose deletion was sent: from now on its VMs may end. */
    synchronized void deleting(JobSpec job) {
        promised.remove(job.getName());
        deleted.add(job.getName());
    }

    synchronized List<JobSpec> promised() {
        return List.copyOf(promised.values());
    }

    synchronized boolean isDeleted(String job) {
        return deleted.contains(job);
    }

    /** What differs from what should be; empty if all is as it should be. */
    List<String> differences() throws InterruptedException {
        List<String> found = new ArrayList<>();
        String dead = cluster.dead();
        if (!dead.isEmpty()) {
            found.add("not alive: " + dead);
        }
        List<Host> hosts;
        List<Vm> vms;
        try {
            hosts = cluster.operator().hosts(ASK);
            vms = cluster.operator().vms(ASK);
            cluster.watcher().sync();
        } catch (OperatorClient.NoAnswerException | java.io.IOException e) {
            found.add(String.valueOf(e.getMessage()));
            return found;
        }
        long ready = hosts.stream()
                .filter(host -> host.getHealth() == HostHealth.HOST_HEALTH_READY)
                .count();
        if (ready != cluster.kelpie().agents().size()) {
            found.add(hosts.stream()
                    .map(host -> host.getRecord().getName() + " " + host.getHealth() + " " + host.getHealthReason())
                    .collect(Collectors.joining("; ")));
        }
        Map<String, Integer> running = new HashMap<>();
        Set<String> known = new HashSet<>();
        for (Vm vm : vms) {
            String id = vm.getRecord().getVmId();
            String job = vm.getRecord().getJob();
            known.add(id);
            if (isDeleted(job)) {
                found.add(vm.getName() + " of a deleted job is there, "
                        + vm.getRecord().getState());
            } else if (vm.getRecord().getState() != VmState.VM_STATE_RUNNING) {
                found.add(vm.getName() + " is " + vm.getRecord().getState() + " on "
                        + (vm.getHostName().isEmpty() ? "no host" : vm.getHostName()) + ", incarnation "
                        + vm.getRecord().getIncarnation() + ", last exit \""
                        + vm.getRecord().getLastExit().getMessage() + "\", not before "
                        + vm.getRecord().getNotBeforeMillis());
            } else if (cluster.watcher().only(id).isEmpty()) {
                found.add(vm.getName() + " is RUNNING, and has no QEMU or several");
            } else {
                running.merge(job, 1, Integer::sum);
            }
        }
        for (JobSpec job : promised()) {
            int count = running.getOrDefault(job.getName(), 0);
            if (count != job.getReplicas()) {
                found.add("job " + job.getName() + " has " + count + " of " + job.getReplicas() + " VMs running");
            }
        }
        for (Watcher.Qemu qemu : cluster.watcher().live()) {
            if (!known.contains(qemu.vm())) {
                found.add("a QEMU of an unknown VM runs: " + qemu);
            }
        }
        return found;
    }

    /** Waits until nothing differs; what still does after that time. */
    List<String> differencesAfter(Duration patience) throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        while (true) {
            List<String> found = differences();
            if (found.isEmpty() || System.nanoTime() >= deadline) {
                return found;
            }
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        }
    }

    /** VMs by their id, by name. */
    Map<String, String> names() throws InterruptedException {
        Map<String, String> names = new HashMap<>();
        for (Vm vm : cluster.operator().vms(ASK)) {
            names.put(vm.getRecord().getVmId(), vm.getName());
        }
        return names;
    }

    /** How many VMs are leased. */
    long leased() throws InterruptedException {
        return cluster.operator().vms(ASK).stream()
                .filter(vm -> vm.getRecord().getLeased())
                .count();
    }

    /** VMs of promised jobs that do not run. */
    int lost() throws InterruptedException {
        Map<String, Integer> running = new HashMap<>();
        for (Vm vm : cluster.operator().vms(ASK)) {
            if (vm.getRecord().getState() == VmState.VM_STATE_RUNNING
                    && cluster.watcher().only(vm.getRecord().getVmId()).isPresent()) {
                running.merge(vm.getRecord().getJob(), 1, Integer::sum);
            }
        }
        return promised().stream()
                .mapToInt(job -> Math.max(0, job.getReplicas() - running.getOrDefault(job.getName(), 0)))
                .sum();
    }
}
