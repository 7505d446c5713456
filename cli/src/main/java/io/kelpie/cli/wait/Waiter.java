package io.kelpie.cli.wait;

import io.kelpie.cli.CliException;
import io.kelpie.cli.ExitCode;
import io.kelpie.cli.Pauses;
import io.kelpie.cli.Terminal;
import io.kelpie.cli.connect.ClusterApi;
import io.kelpie.cli.view.DecisionView;
import io.kelpie.cli.view.VmPhrases;
import io.kelpie.common.time.TimeSource;
import io.kelpie.proto.v1.Job;
import io.kelpie.proto.v1.Vm;
import io.kelpie.proto.v1.VmState;
import io.kelpie.proto.v1.WatchVmsRequest;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

/**
 * Waits until a VM, or all VMs of a job, are as wanted.
 *
 * <p>Throws {@link CliException} if that cannot happen any more (a VM has FAILED, the job is gone) or has not happened
 * in time: with exit code 6 if a VM that shall run has no host that could take it, else with 7.
 */
public final class Waiter {
    private static final Duration STEP = Duration.ofSeconds(1);
    private static final Duration POLL = Duration.ofMillis(500);
    private static final int NAMED_AT_MOST = 5;

    private final ClusterApi api;
    private final Terminal terminal;
    private final TimeSource clock;
    private final Pauses pauses;

    public Waiter(ClusterApi api, Terminal terminal, TimeSource clock, Pauses pauses) {
        this.api = api;
        this.terminal = terminal;
        this.clock = clock;
        this.pauses = pauses;
    }

    /** @param untilNanos by the clock's {@link TimeSource#nanoTime} */
    public void awaitJob(String namespace, String name, Condition condition, long untilNanos) {
        String target = "job/" + name;
        if (condition == Condition.DELETED) {
            awaitGone(target, () -> jobIsGone(namespace, name), untilNanos);
            return;
        }
        WatchVmsRequest all = WatchVmsRequest.newBuilder()
                .setNamespace(namespace)
                .setJob(name)
                .build();
        watch(target, namespace, all, condition, untilNanos, () -> wanted(api.job(namespace, name)));
    }

    /** @param untilNanos by the clock's {@link TimeSource#nanoTime} */
    public void awaitVm(String namespace, String name, Condition condition, long untilNanos) {
        String target = "vm/" + name;
        if (condition == Condition.DELETED) {
            awaitGone(target, () -> vmIsGone(namespace, name), untilNanos);
            return;
        }
        WatchVmsRequest one = WatchVmsRequest.newBuilder()
                .setNamespace(namespace)
                .setName(name)
                .build();
        watch(target, namespace, one, condition, untilNanos, () -> {
            api.vm(namespace, name); // throws if there is none
            return Wanted.ONE_VM;
        });
    }

    /** How many VMs shall come to the condition: those below an ordinal. */
    private record Wanted(long count, long belowOrdinal) {
        static final Wanted ONE_VM = new Wanted(1, Long.MAX_VALUE);
    }

    @FunctionalInterface
    private interface Lookup {
        /** Throws {@link CliException} with NOT_FOUND if the target does not exist. */
        Wanted ask();
    }

    private static Wanted wanted(Job job) {
        if (job.getDeleting()) {
            throw new CliException(
                    ExitCode.FAILED,
                    "job/" + job.getSpec().getName() + " is being deleted",
                    "wait for its end with: kelpie wait --for=deleted job/"
                            + job.getSpec().getName());
        }
        return new Wanted(job.getSpec().getReplicas(), job.getSpec().getReplicas());
    }

    private void watch(
            String target,
            String namespace,
            WatchVmsRequest request,
            Condition condition,
            long untilNanos,
            Lookup lookup) {
        Patience patience = new Patience(pauses, terminal::note);
        Wanted wanted = patience.ask(lookup::ask).orElseThrow();
        try (VmWatch watch = new VmWatch(api, request, pauses, terminal::note);
                Progress progress = new Progress(terminal)) {
            while (true) {
                Optional<VmWatch.Change> change = watch.next(min(STEP, left(untilNanos)));
                if (change.isPresent() && !change.get().gone().isEmpty()) {
                    wanted = patience.ask(lookup::ask).orElse(wanted);
                }
                long below = wanted.belowOrdinal();
                List<Vm> vms = watch.vms().stream()
                        .filter(vm -> vm.getRecord().getOrdinal() < below)
                        .toList();
                if (change.isPresent()) {
                    progress.vms(target, condition, vms, wanted.count());
                    for (Vm vm : vms) {
                        if (condition.isFailedBy(vm.getRecord().getState())) {
                            progress.close();
                            throw failed(vm, namespace);
                        }
                    }
                    if (vms.size() == wanted.count()
                            && vms.stream()
                                    .allMatch(
                                            vm -> condition.holds(vm.getRecord().getState()))) {
                        return;
                    }
                }
                if (left(untilNanos).isZero()) {
                    progress.close();
                    throw timedOut(target, namespace, condition, vms, wanted);
                }
            }
        }
    }

    private void awaitGone(String target, BooleanSupplier gone, long untilNanos) {
        Patience patience = new Patience(pauses, terminal::note);
        try (Progress progress = new Progress(terminal)) {
            while (!patience.ask(gone::getAsBoolean).orElse(false)) {
                if (left(untilNanos).isZero()) {
                    progress.close();
                    throw new CliException(
                            ExitCode.WAIT_TIMED_OUT,
                            target + " is not deleted yet",
                            "see what holds it with: kelpie get events --for " + target);
                }
                progress.text(target + ": waiting until it is deleted");
                pauses.pause(min(POLL, left(untilNanos)));
            }
        }
    }

    private boolean jobIsGone(String namespace, String name) {
        try {
            api.job(namespace, name);
            return false;
        } catch (CliException e) {
            return isGone(e);
        }
    }

    private boolean vmIsGone(String namespace, String name) {
        try {
            return api.vm(namespace, name).getVm().getRecord().getState() == VmState.VM_STATE_DELETED;
        } catch (CliException e) {
            return isGone(e);
        }
    }

    private static boolean isGone(CliException e) {
        if (e.exitCode() == ExitCode.NOT_FOUND) {
            return true;
        }
        throw e;
    }

    private static CliException failed(Vm vm, String namespace) {
        StringBuilder problem = new StringBuilder("vm/" + vm.getName() + " has FAILED and is not tried again");
        if (vm.getRecord().hasLastExit()) {
            problem.append("; its last instance: ")
                    .append(VmPhrases.exit(vm.getRecord().getLastExit()));
            vm.getRecord()
                    .getLastExit()
                    .getStderrTail()
                    .lines()
                    .forEach(line -> problem.append("\n  stderr: ").append(line));
        }
        String in = ClusterApi.inNamespace(namespace);
        return new CliException(
                ExitCode.FAILED,
                problem.toString(),
                "see kelpie describe vm " + vm.getName() + in + "; correct the cause, then: kelpie start vm "
                        + vm.getName() + in);
    }

    private CliException timedOut(String target, String namespace, Condition condition, List<Vm> vms, Wanted wanted) {
        List<Vm> late = vms.stream()
                .filter(vm -> !condition.holds(vm.getRecord().getState()))
                .toList();
        String problem = target + " is not " + condition.word() + " in time: " + (vms.size() - late.size()) + " of "
                + wanted.count() + " VMs are" + names(late);
        String in = ClusterApi.inNamespace(namespace);
        Optional<Vm> rejected = condition != Condition.RUNNING
                ? Optional.empty()
                : late.stream()
                        .filter(vm -> vm.getRecord().getState() == VmState.VM_STATE_PENDING)
                        .filter(vm -> vm.getPendingDecision().getRulesCount() > 0)
                        .findFirst();
        if (rejected.isPresent()) {
            Vm vm = rejected.get();
            List<String> rows = DecisionView.rejections(vm.getPendingDecision());
            return new CliException(
                    ExitCode.CANNOT_BE_PLACED,
                    problem + "\nvm/" + vm.getName() + " cannot be placed:\n"
                            + rows.stream().map(row -> "  " + row).collect(Collectors.joining("\n")),
                    "change the job or make room; see: kelpie explain vm " + vm.getName() + in);
        }
        String fix = late.isEmpty()
                ? "see: kelpie get vms" + in
                : "see: kelpie describe vm " + late.get(0).getName() + in;
        return new CliException(ExitCode.WAIT_TIMED_OUT, problem, fix);
    }

    private static String names(Collection<Vm> late) {
        if (late.isEmpty()) {
            return "";
        }
        String named = late.stream()
                .limit(NAMED_AT_MOST)
                .map(vm -> vm.getName() + " is " + VmPhrases.state(vm))
                .collect(Collectors.joining(", "));
        return "; " + named + (late.size() > NAMED_AT_MOST ? ", …" : "");
    }

    private Duration left(long untilNanos) {
        return Duration.ofNanos(Math.max(0, untilNanos - clock.nanoTime()));
    }

    private static Duration min(Duration a, Duration b) {
        return a.compareTo(b) <= 0 ? a : b;
    }
}
