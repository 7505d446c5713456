package io.kelpie.it.chaos;

/** What is done to a cluster. */
enum FaultKind {
    CONTROLLER_KILL(Scope.CONTROLLER),
    CONTROLLER_STOP(Scope.CONTROLLER),
    CONTROLLER_CUT_FROM_ZOOKEEPER(Scope.CONTROLLER),
    CONTROLLER_DISK_FULL(Scope.CONTROLLER),
    CONTROLLER_CLOCK(Scope.CONTROLLER),
    ZOOKEEPER_KILL(Scope.ZOOKEEPER),
    ZOOKEEPER_STOP(Scope.ZOOKEEPER),
    ZOOKEEPER_CUT_FROM_ALL(Scope.ZOOKEEPER),
    ZOOKEEPER_QUORUM_STOP(Scope.ZOOKEEPER_QUORUM),
    AGENT_KILL(Scope.HOST),
    AGENT_STOP(Scope.HOST),
    AGENT_CUT_FROM_ALL(Scope.HOST),
    AGENT_CUT_FROM_CONTROLLER(Scope.HOST),
    AGENT_DISK_FULL(Scope.HOST),
    AGENT_CLOCK(Scope.HOST),
    QEMU_KILL(Scope.HOST),
    QEMU_STOP(Scope.HOST),
    GUARD_KILL(Scope.HOST);

    /** Whom a fault is done to. */
    enum Scope {
        CONTROLLER,
        ZOOKEEPER,
        ZOOKEEPER_QUORUM,
        HOST
    }

    private final Scope scope;

    FaultKind(Scope scope) {
        this.scope = scope;
    }

    Scope scope() {
        return scope;
    }

    /** The name in the results, {@code controllerKill}. */
    String title() {
        StringBuilder title = new StringBuilder();
        for (String word : name().split("_")) {
            String lower = word.toLowerCase(java.util.Locale.ROOT);
            title.append(title.isEmpty() ? lower : word.charAt(0) + lower.substring(1));
        }
        return title.toString();
    }
}
