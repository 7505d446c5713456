package io.kelpie.cli.command;

import io.kelpie.cli.Surroundings;
import io.kelpie.cli.Terminal;
import io.kelpie.cli.connect.ClusterApi;
import io.kelpie.cli.connect.ControllerAddress;
import io.kelpie.cli.connect.Controllers;
import io.kelpie.cli.wait.Waiter;
import java.time.Duration;
import java.util.List;

/** What a command needs of the cluster, for its one run. */
final class Connection implements AutoCloseable {
    private final Surroundings surroundings;
    private final Controllers controllers;
    private final ClusterApi api;
    private final String namespace;

    Connection(
            Surroundings surroundings, List<ControllerAddress> addresses, String namespace, Duration requestTimeout) {
        this.surroundings = surroundings;
        this.namespace = namespace;
        this.controllers = new Controllers(
                addresses,
                requestTimeout,
                surroundings.channels(),
                surroundings.clock(),
                surroundings.pauses(),
                surroundings.interrupts(),
                surroundings.terminal());
        this.api = new ClusterApi(controllers, surroundings.requestIds());
    }

    ClusterApi api() {
        return api;
    }

    List<ControllerAddress> addresses() {
        return controllers.configured();
    }

    /** The namespace that holds for this command. */
    String namespace() {
        return namespace;
    }

    /** {@link #namespace} as an option; empty for the default one. */
    String inNamespace() {
        return ClusterApi.inNamespace(namespace);
    }

    Terminal terminal() {
        return surroundings.terminal();
    }

    Waiter waiter() {
        return new Waiter(api, terminal(), surroundings.clock(), surroundings.pauses());
    }

    @Override
    public void close() {
        controllers.close();
    }
}
