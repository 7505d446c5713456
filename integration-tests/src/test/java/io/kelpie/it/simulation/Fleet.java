package io.kelpie.it.simulation;

import io.kelpie.controller.model.Controller;
import io.kelpie.controller.model.ControllerIdentity;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** All controllers that there are, members of the set or not, and all agents; who starts and stops them does it here. */
final class Fleet {
    final List<SimController> controllers = new ArrayList<>();
    final List<SimAgent> agents = new ArrayList<>();
    final Map<String, SimController> byAddress = new LinkedHashMap<>();
    private final World world;
    private final SimEnsemble ensemble;
    private final Rules rules;
    private final List<Controller> founding;
    private final Set<SimController> retired = new HashSet<>();
    private boolean down;

    /** @param founding the members of the first set, which are not made by this */
    Fleet(World world, SimEnsemble ensemble, Rules rules, List<Controller> founding) {
        this.world = world;
        this.ensemble = ensemble;
        this.rules = rules;
        this.founding = founding;
    }

    /** A controller that was not there before, not started; every host finds a way to it. */
    SimController make(String id, SimClock clock) {
        String address = id + ":7400";
        List<Controller> configured = new ArrayList<>(founding);
        Controller self = new Controller(id, address, true);
        if (!configured.contains(self)) {
            configured.add(self);
        }
        SimController controller = new SimController(
                world, ensemble, new ControllerIdentity(id, address, configured), clock, rules, byAddress::get);
        controllers.add(controller);
        byAddress.put(address, controller);
        agents.forEach(agent -> agent.reaches(address));
        return controller;
    }

    /** The process ends, and its kernel says so to those who were connected. */
    void stop(SimController controller) {
        controller.crash();
        agents.forEach(agent -> agent.link(controller.address).died(controller.process));
    }

    /** Starts it, if it does not run and is meant to. */
    void start(SimController controller) {
        if (!controller.process.alive() && !down && !retired.contains(controller)) {
            world.note(controller.id + " is started");
            controller.start();
        }
    }

    /** The agent's process ends; hypervisors go on. */
    void stop(SimAgent agent) {
        agent.crash();
        agent.links().forEach(link -> link.died(agent.process));
    }

    void start(SimAgent agent) {
        if (agent.machine.up && !agent.process.alive()) {
            world.note(agent.process.name + " is started");
            agent.start();
        }
    }

    /** It is meant to run again. */
    void employ(SimController controller) {
        retired.remove(controller);
    }

    /** Nobody starts it again before all is healed. */
    void retire(SimController controller) {
        retired.add(controller);
    }

    /** Nobody is meant to run from now on. */
    void stopAll() {
        down = true;
        controllers.stream().filter(each -> each.process.alive()).forEach(this::stop);
    }

    /** All but those that are retired. */
    void startAll() {
        down = false;
        controllers.forEach(this::start);
    }

    /** Every one. */
    void heal() {
        retired.clear();
        startAll();
    }
}
