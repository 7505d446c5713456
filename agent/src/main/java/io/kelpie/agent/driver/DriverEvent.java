package io.kelpie.agent.driver;

/** Something happened to an instance without or after a command. */
public sealed interface DriverEvent {
    InstanceId id();

    /** The guest's CPUs run or are paused. */
    record PowerChanged(InstanceId id, InstanceStatus.Power power) implements DriverEvent {}

    /** The hypervisor's process is gone. Exactly one for each started or adopted instance. */
    record Exited(InstanceId id, ExitInfo exit) implements DriverEvent {}
}
