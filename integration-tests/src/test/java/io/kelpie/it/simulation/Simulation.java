package io.kelpie.it.simulation;

import io.kelpie.agent.driver.InstanceId;
import io.kelpie.controller.model.Controller;
import io.kelpie.controller.model.ControllerSet;
import io.kelpie.controller.view.FreezeView;
import io.kelpie.controller.view.LeaderView;
import io.kelpie.proto.v1.HostHealth;
import io.kelpie.proto.v1.HostRecord;
import io.kelpie.proto.v1.JobRecord;
import io.kelpie.proto.v1.VmRecord;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;

/** One run of one seed. */
final class Simulation {
    private static final long WARM_NANOS = 20 * World.SECOND;
    private static final long CHAOS_NANOS = 900 * World.SECOND;
    /** A minute, and the longest that a VM may be kept from starting by its own earlier failures. */
    private static final long CONVERGENCE_NANOS = (60 + 330) * World.SECOND;

    private final World world;
    private final Profile profile;
    private final SimEnsemble ensemble;
    private final List<SimController> controllers;
    private final List<SimAgent> agents;
    private final List<Checker> checkers = new ArrayList<>();
    private final NoDoubleRun doubleRun;
    private final NoVmKilledByControlPlane killed;
    private final Operators operators;
    private final Administrators administrators;
    private final Faults faults;
    private final Violations violations;

    private Simulation(World world, Profile profile, Rules rules) {
        this.world = world;
        this.profile = profile;
        SplittableRandom random = world.random("setup");
        ensemble = new SimEnsemble(new UUID(random.nextLong(), random.nextLong()), rules.fence());
        violations = new Violations(world);
        doubleRun = new NoDoubleRun(violations);
        killed = new NoVmKilledByControlPlane(violations);
        AcceptedJobNeverLost promises = new AcceptedJobNeverLost(violations);

        List<Controller> founding = new ArrayList<>();
        for (int i = 1; i <= profile.controllers(); i++) {
            founding.add(new Controller("c" + i, "c" + i + ":7400", true));
        }
        List<String> addresses = founding.stream().map(Controller::address).toList();
        Fleet fleet = new Fleet(world, ensemble, rules, founding);
        controllers = fleet.controllers;
        agents = fleet.agents;
        for (Controller member : founding) {
            fleet.make(member.id(), new SimClock(world, random.nextLong(1L << 50), drift(random)));
        }
        Map<String, SimAgent> byName = new LinkedHashMap<>();
        for (int i = 1; i <= profile.hosts(); i++) {
            String name = "h" + i;
            SimMachine machine = new SimMachine(world, name, drift(random), new Eyes(), rules.guard());
            SimAgent agent = new SimAgent(
                    world,
                    machine,
                    new SimHost(i),
                    new RamLedger(machine, rules.host()),
                    fleet.byAddress::get,
                    addresses,
                    rules);
            agents.add(agent);
            byName.put(name, agent);
        }
        checkers.addAll(List.of(
                doubleRun,
                killed,
                promises,
                new LedgerKnowsAll(violations, byName),
                new EpochMonotonic(violations),
                new OnlyMembersLead(violations),
                new NoOvercommit(violations),
                new ReservationsMatchPlacements(violations),
                new PlacementRulesHold(violations)));
        operators = new Operators(world, controllers, promises, profile);
        Repairs repairs = new Repairs(world);
        administrators = new Administrators(world, ensemble, fleet, violations, repairs, profile.controlPlaneOnly());
        faults = new Faults(world, profile, ensemble, fleet, administrators, repairs);
    }

    private int drift(SplittableRandom random) {
        world.count(Fault.CLOCK_DRIFT);
        return random.nextInt(2 * profile.driftMax() + 1) - profile.driftMax();
    }

    /** Runs a seed under the rules as they are, with the profile that it draws. */
    static RunResult run(long seed, double hours, boolean verbose) {
        World world = new World(seed, verbose);
        return run(world, hours, Profile.drawn(world), Rules.SAFE);
    }

    /** Runs a world. */
    static RunResult run(World world, double hours, Profile profile, Rules rules) {
        Simulation simulation = new Simulation(world, profile, rules);
        Optional<String> violation = Optional.empty();
        Optional<String> checker = Optional.empty();
        Optional<String> notConverged = Optional.empty();
        Defects.begin(world);
        try {
            notConverged = simulation.live((long) (hours * 3600 * World.SECOND));
        } catch (Violations.Found found) {
            violation = Optional.of(String.valueOf(found.getMessage()));
            checker = Optional.of(found.checker);
        } finally {
            simulation.agents.forEach(SimAgent::abandonCalls);
            Defects.end();
        }
        return new RunResult(
                world.seed,
                world.now(),
                world.events(),
                world.hash(),
                world.faults(),
                checker,
                violation,
                notConverged,
                world.log());
    }

    private Optional<String> live(long lengthNanos) {
        controllers.forEach(SimController::start);
        agents.forEach(SimAgent::start);
        while (world.now() < lengthNanos) {
            operators.begin(profile.controlPlaneOnly());
            until(world.now() + WARM_NANOS);
            killed.watch(profile.controlPlaneOnly());
            faults.begin();
            until(world.now() + CHAOS_NANOS);
            world.note("healing");
            faults.heal();
            operators.rest();
            Optional<String> wrong = converge();
            if (wrong.isPresent()) {
                world.note("NOT CONVERGED: " + wrong.get());
                return wrong;
            }
        }
        return Optional.empty();
    }

    private Optional<String> converge() {
        long end = world.now() + CONVERGENCE_NANOS;
        long began = world.now();
        Optional<String> wrong = Optional.empty();
        while (world.now() < end) {
            until(world.now() + 2 * World.SECOND);
            administrators.helpHostsStartedInFreeze();
            wrong = whatIsWrong();
            if (wrong.isEmpty()) {
                world.note("converged after " + (world.now() - began) / World.SECOND + " s");
                return wrong;
            }
        }
        return wrong;
    }

    private void until(long nanos) {
        while (world.step(nanos)) {
            for (int i = 0; i < controllers.size(); i++) {
                controllers.get(i).wake();
            }
            if (ensemble.takeTouched()) {
                StoreView store = StoreView.read(ensemble);
                checkers.forEach(checker -> checker.stored(store));
            }
            String defect = Defects.take();
            if (defect != null) {
                violations.found("NoDefect", defect);
            }
        }
    }

    /** What an operator would call not in order. */
    private Optional<String> whatIsWrong() {
        List<SimController> leaders =
                controllers.stream().filter(SimController::leads).toList();
        if (leaders.size() != 1) {
            return Optional.of(leaders.size() + " controllers lead");
        }
        if (operators.busy()) {
            return Optional.of("an operator waits for an answer");
        }
        if (administrators.busy()) {
            return Optional.of("an administrator waits for an answer");
        }
        LeaderView view = leaders.get(0).loop().view().orElseThrow();
        FreezeView.State freeze = view.freeze().state();
        if (freeze.untilMillis() > 0 || !freeze.awaited().isEmpty()) {
            return Optional.of("the cluster is not thawed: " + freeze);
        }
        Optional<ControllerSet> set = ensemble.controllers().set();
        if (set.isEmpty() || !set.get().awaited().isEmpty()) {
            return Optional.of("the set of controllers is not settled: " + set);
        }
        var model = view.model();
        for (var host : model.hosts().values()) {
            if (host.health() != HostHealth.HOST_HEALTH_READY) {
                return Optional.of("host " + host.record().getName() + " is " + host.health());
            }
        }
        if (model.hosts().size() != agents.size()) {
            return Optional.of(model.hosts().size() + " hosts of " + agents.size() + " are known");
        }
        StoreView store = StoreView.read(ensemble);
        Map<UUID, String> running = new LinkedHashMap<>(doubleRun.running());
        for (VmRecord vm : store.vms().values()) {
            String name = vm.getJob() + "-" + vm.getOrdinal() + " (" + vm.getVmId() + ")";
            switch (vm.getState()) {
                case VM_STATE_RUNNING -> {
                    String host = Optional.ofNullable(store.hosts().get(vm.getHostId()))
                            .map(HostRecord::getName)
                            .orElse(vm.getHostId());
                    String where = running.remove(UUID.fromString(vm.getVmId()));
                    if (!(host + " as " + vm.getIncarnation()).equals(where)) {
                        return Optional.of(name + " is recorded on " + host + " as " + vm.getIncarnation()
                                + " and runs on " + where);
                    }
                }
                case VM_STATE_STOPPED, VM_STATE_FAILED -> {}
                default -> {
                    return Optional.of(
                            name + " is " + vm.getState() + " on '" + vm.getHostId() + "' as " + vm.getIncarnation()
                                    + ", last exit " + vm.getLastExit().getMessage());
                }
            }
        }
        if (!running.isEmpty()) {
            return Optional.of("these run without a record: " + running);
        }
        for (JobRecord job : store.jobs().values()) {
            long vms = store.vms().values().stream()
                    .filter(vm -> vm.getJobUid().equals(job.getJobUid()))
                    .count();
            if (job.getDeleting() || vms != job.getSpec().getReplicas()) {
                return Optional.of("job " + job.getSpec().getName() + (job.getDeleting() ? " is being deleted" : "")
                        + " has " + vms + " VMs of " + job.getSpec().getReplicas());
            }
        }
        return Optional.empty();
    }

    private final class Eyes implements Observer {
        @Override
        public void runs(SimMachine machine, InstanceId id, boolean leased) {
            world.note(machine.name + " runs " + id + (leased ? " leased" : ""));
            checkers.forEach(checker -> checker.runs(machine, id, leased));
        }

        @Override
        public void ended(SimMachine machine, InstanceId id, boolean leased, End how) {
            world.note(machine.name + " ended " + id + " " + how);
            checkers.forEach(checker -> checker.ended(machine, id, leased, how));
        }
    }
}
