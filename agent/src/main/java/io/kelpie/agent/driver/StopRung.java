package io.kelpie.agent.driver;

/** The rung of the stop ladder that ended an instance. */
public enum StopRung {
    /** It was not running. */
    ALREADY_GONE,
    /** The guest followed the ACPI request. */
    ACPI,
    /** The hypervisor was told to quit. */
    QUIT,
    /** The hypervisor was killed. */
    KILL
}
