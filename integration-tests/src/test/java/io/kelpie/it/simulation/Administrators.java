package io.kelpie.it.simulation;

import com.google.protobuf.ByteString;
import io.kelpie.common.error.KelpieException;
import io.kelpie.controller.control.ClusterOperations;
import io.kelpie.controller.control.Operation;
import io.kelpie.controller.model.ControllerSet;
import io.kelpie.controller.view.FreezeView;
import io.kelpie.proto.v1.AddControllerRequest;
import io.kelpie.proto.v1.ErrorReason;
import io.kelpie.proto.v1.FreezeClusterRequest;
import io.kelpie.proto.v1.HostRecord;
import io.kelpie.proto.v1.RemoveControllerRequest;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * People who care for the cluster itself: freeze it to stop all controllers, change the set of controllers, and say of
 * hosts that they are dead. They are careful, but for two things: they may call a controller dead that runs, as long as
 * it does not lead, and try to call a host dead that lives.
 */
final class Administrators {
    private static final int MEMBERS_MAX = 4;
    private static final int CONTROLLERS_MAX = 6;

    /** Longest lie in flight: controllers are stopped for up to 30 s, and silence is asked for of 60 s. */
    private static final long HEARD_LATELY_MILLIS = 10_000;

    private final World world;
    private final SimEnsemble ensemble;
    private final Fleet fleet;
    private final Violations violations;
    private final Repairs repairs;
    private final boolean controlPlaneOnly;
    private final SplittableRandom random;
    private final Set<SimAgent> burying = new HashSet<>();
    private @Nullable Freezing freezing;
    private long freezesFromNanos;
    private int changes;

    /** @param controlPlaneOnly whether one thing at a time goes wrong */
    Administrators(
            World world,
            SimEnsemble ensemble,
            Fleet fleet,
            Violations violations,
            Repairs repairs,
            boolean controlPlaneOnly) {
        this.world = world;
        this.ensemble = ensemble;
        this.fleet = fleet;
        this.violations = violations;
        this.repairs = repairs;
        this.controlPlaneOnly = controlPlaneOnly;
        this.random = world.random("administrators");
    }

    /** Whether something of theirs is under way. */
    boolean busy() {
        return freezing != null || changes > 0 || !burying.isEmpty();
    }

    /** What was begun is brought to its end. */
    void rest() {
        Freezing present = freezing;
        if (present != null) {
            present.end();
        }
    }

    private long seconds(double from, double to) {
        return (long) ((from + random.nextDouble() * (to - from)) * World.SECOND);
    }

    private void ask(String what, Operation operation, Consumer<Boolean> then) {
        world.note("administrator: " + what);
        Request.Call call = (controller, requestId, answer) -> controller.change(requestId, operation, answer);
        new Request(world, fleet.controllers, random, call, new Once(what, then), 0).attempt();
    }

    /** Takes a refusal for an answer. */
    private final class Once implements Request.Asker {
        private final String what;
        private final Consumer<Boolean> then;

        Once(String what, Consumer<Boolean> then) {
            this.what = what;
            this.then = then;
        }

        @Override
        public void done(ByteString answer, int attempts) {
            world.note("administrator: " + what + " answered after " + attempts + ": ok");
            then.accept(true);
        }

        @Override
        public boolean asksAgain(KelpieException refusal, int attempts) {
            world.note("administrator: " + what + " answered after " + attempts + ": " + refusal.getMessage());
            then.accept(false);
            return false;
        }
    }

    // ---- freezes ----

    /** Freezes the cluster for minutes, and mostly stops all controllers meanwhile. */
    void freeze() {
        if (freezing == null && world.now() >= freezesFromNanos) {
            Freezing next = new Freezing();
            freezing = next;
            next.begin();
        }
    }

    private final class Freezing {
        private final int length = 60 + random.nextInt(540);
        private final boolean stops = random.nextInt(3) > 0;
        private boolean answered;
        private boolean over;

        void begin() {
            world.fault(Fault.FREEZE, "for " + length + " s");
            FreezeClusterRequest request =
                    FreezeClusterRequest.newBuilder().setDurationSeconds(length).build();
            ask("freeze", ClusterOperations.freeze(request), ok -> {
                answered = true;
                if (over) {
                    thaw();
                } else {
                    await();
                }
            });
            world.after(seconds(60, 400), this::end);
        }

        private void await() {
            if (over) {
                return;
            }
            if (!ready()) {
                world.after(World.SECOND, this::await);
            } else if (stops) {
                world.note("all controllers are stopped");
                fleet.stopAll();
                world.after(seconds(30, 240), this::end);
            }
        }

        /** Every host is known to hold a lease without an end, and the thaw is not near. */
        private boolean ready() {
            for (SimController controller : fleet.controllers) {
                if (controller.leads() && ensemble.isPresentLeader(controller.id)) {
                    FreezeView.State state =
                            controller.loop().view().orElseThrow().freeze().state();
                    return state.awaited().isEmpty() && state.untilMillis() - controller.clock.wallMillis() > 20_000;
                }
            }
            return false;
        }

        void end() {
            if (!over) {
                over = true;
                fleet.startAll();
                if (answered) {
                    thaw();
                }
            }
        }

        /** Not while the freeze is still asked for, which would come after it. */
        private void thaw() {
            ask("thaw", ClusterOperations.thaw(), ok -> {
                freezing = null;
                freezesFromNanos = world.now() + seconds(60, 400);
            });
        }
    }

    // ---- the set of controllers ----

    /** Adds a controller, or removes one. */
    void changeControllers() {
        Optional<ControllerSet> present = ensemble.controllers().set();
        if (changes > 0 || present.isEmpty()) {
            return;
        }
        ControllerSet set = present.get();
        int members = set.members().size();
        if (set.awaited().isEmpty() && (members <= 2 || members < MEMBERS_MAX && random.nextBoolean())) {
            add(set);
        } else {
            remove(set);
        }
    }

    private void add(ControllerSet set) {
        List<SimController> outside = fleet.controllers.stream()
                .filter(controller -> set.member(controller.id).isEmpty())
                .toList();
        SimController chosen = fleet.controllers.size() < CONTROLLERS_MAX && (outside.isEmpty() || random.nextBoolean())
                ? fleet.make(
                        "c" + (fleet.controllers.size() + 1),
                        new SimClock(world, random.nextLong(1L << 50), random.nextInt(201) - 100))
                : outside.get(random.nextInt(outside.size()));
        world.fault(Fault.CONTROLLER_SET_CHANGE, "add " + chosen.id);
        fleet.employ(chosen);
        if (random.nextInt(4) > 0) {
            fleet.start(chosen);
        }
        AddControllerRequest request = AddControllerRequest.newBuilder()
                .setControllerId(chosen.id)
                .setAddress(chosen.address)
                .build();
        boolean unheard = !controlPlaneOnly && random.nextInt(3) == 0;
        Consumer<Boolean> then = changed(ok -> fleet.start(chosen));
        if (unheard) {
            members(set).forEach(member -> {
                member.readSetLate(4 * World.SECOND);
                repairs.after(seconds(5, 20), () -> member.readSetLate(0));
            });
        }
        ask("add " + chosen.id, ClusterOperations.addController(request), ok -> {
            if (ok && unheard) {
                world.after(seconds(0, 1), () -> cutOffFromStore(set));
            }
            then.accept(ok);
        });
    }

    /** Who was a member before may not have read of the change yet. */
    private void cutOffFromStore(ControllerSet former) {
        for (SimController member : members(former)) {
            world.fault(Fault.STORE_CUT, member.id);
            member.cutStore(true);
            repairs.after(seconds(25, 60), () -> member.cutStore(false));
        }
    }

    private List<SimController> members(ControllerSet set) {
        return fleet.controllers.stream()
                .filter(controller -> set.member(controller.id).isPresent())
                .toList();
    }

    /** An honest one stops the process first. Without that the leader only removes itself by its own will. */
    private void remove(ControllerSet set) {
        String id = set.members().get(random.nextInt(set.members().size())).id();
        SimController chosen = fleet.controllers.stream()
                .filter(controller -> controller.id.equals(id))
                .findFirst()
                .orElseThrow();
        boolean stop = random.nextBoolean();
        boolean dead = stop || !ensemble.isPresentLeader(id);
        world.fault(Fault.CONTROLLER_SET_CHANGE, "remove " + id + (stop ? " stopped" : dead ? " running" : " itself"));
        if (stop) {
            fleet.stop(chosen);
        }
        RemoveControllerRequest request = RemoveControllerRequest.newBuilder()
                .setControllerId(id)
                .setConfirmedDead(dead)
                .build();
        ask("remove " + id, ClusterOperations.removeController(request), changed(ok -> {
            if (ok && random.nextInt(3) == 0) {
                fleet.retire(chosen);
            } else {
                fleet.start(chosen);
            }
        }));
    }

    /** A while after the answer. */
    private Consumer<Boolean> changed(Consumer<Boolean> then) {
        changes++;
        return ok -> world.after(seconds(1, 40), () -> {
            changes--;
            then.accept(ok);
        });
    }

    // ---- dead hosts ----

    /** A machine loses its power, and is switched on again only after it was called dead; or someone calls a living host so. */
    void callDead(SimAgent agent) {
        if (!agent.machine.up || burying.contains(agent)) {
            return;
        }
        if (random.nextInt(4) == 0) {
            callLivingDead(agent);
            return;
        }
        burying.add(agent);
        world.note(agent.machine.name + " has lost its power");
        agent.crash();
        agent.machine.powerOff();
        world.after(
                seconds(20, 80),
                () -> confirmDead(agent, () -> {
                    agent.machine.boot();
                    fleet.start(agent);
                }));
    }

    private void confirmDead(SimAgent agent, Runnable then) {
        String what = "confirm-dead " + agent.machine.name;
        world.note("administrator: " + what);
        Request.Call call =
                (controller, requestId, answer) -> controller.confirmDead(requestId, agent.machine.name, answer);
        Once once = new Once(
                what,
                ok -> world.after(seconds(0, 40), () -> {
                    burying.remove(agent);
                    then.run();
                }));
        Request.Asker asker = new Request.Asker() {
            @Override
            public void done(ByteString answer, int attempts) {
                world.fault(Fault.HOST_CONFIRMED_DEAD, agent.machine.name);
                once.done(answer, attempts);
            }

            @Override
            public boolean asksAgain(KelpieException refusal, int attempts) {
                // Heard too lately, or a controller does not say whether: later. Only an unknown host is no one's loss.
                return refusal.reason() != ErrorReason.ERROR_REASON_HOST_NOT_FOUND || once.asksAgain(refusal, attempts);
            }
        };
        new Request(world, fleet.controllers, random, call, asker, 5 * World.SECOND).attempt();
    }

    private void callLivingDead(SimAgent agent) {
        String what = "confirm-dead of living " + agent.machine.name;
        world.note("administrator: " + what);
        // Only while its refusal is what was promised: whoever hears nothing from a host cannot know that it lives.
        Request.Call call = (controller, requestId, answer) -> {
            if (isHeard(agent.machine.hostId)) {
                controller.confirmDead(requestId, agent.machine.name, answer);
            }
        };
        Request.Asker asker = new Request.Asker() {
            @Override
            public void done(ByteString answer, int attempts) {
                violations.found("NoLivingHostCalledDead", agent.machine.name + " was taken for dead");
            }

            @Override
            public boolean asksAgain(KelpieException refusal, int attempts) {
                world.note("administrator: " + what + " answered: " + refusal.getMessage());
                return false;
            }
        };
        new Request(world, fleet.controllers, random, call, asker, 0).attempt();
    }

    private boolean isHeard(String hostId) {
        return fleet.controllers.stream()
                .anyMatch(each -> each.heardMillisAgo(hostId).orElse(Long.MAX_VALUE) < HEARD_LATELY_MILLIS);
    }

    /**
     * Hosts that were started anew in a freeze: the cluster cannot know that their former boot is over before somebody
     * says so, and nobody may say so while they are heard.
     */
    void helpHostsStartedInFreeze() {
        Map<String, HostRecord> hosts = StoreView.read(ensemble).hosts();
        for (SimAgent agent : fleet.agents) {
            HostRecord record = hosts.get(agent.machine.hostId);
            if (record != null
                    && record.getUntilThaw()
                    && !record.hasFencing()
                    && agent.machine.up
                    && !record.getBootId().equals(agent.machine.bootId)
                    && burying.add(agent)) {
                fleet.stop(agent);
                confirmDead(agent, () -> fleet.start(agent));
            }
        }
    }
}
