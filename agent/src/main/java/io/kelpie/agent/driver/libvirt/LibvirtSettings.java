package io.kelpie.agent.driver.libvirt;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * How {@link LibvirtDriver} uses libvirt.
 *
 * @param uri libvirt's connection URI, {@code qemu:///system} as a rule
 * @param emulator path of QEMU's x86-64 binary; empty or not absolute: the one that libvirt finds
 * @param guard path of {@code kelpie-guard}, which is the emulator of leased instances; libvirt's own user, too, must be
 *     able to execute it; empty: leased instances are refused
 * @param qemuUser as whom QEMU runs
 * @param stateFolder where libvirtd keeps a domain's pid file
 * @param logFolder where libvirtd keeps a domain's log, to which QEMU's standard error goes
 * @param startTimeout how long libvirt may take to start one domain
 * @param answerTimeout how long libvirtd may take to answer a question that it can answer from its own memory
 */
public record LibvirtSettings(
        String uri,
        Optional<Path> emulator,
        Optional<Path> guard,
        QemuUser qemuUser,
        Path stateFolder,
        Path logFolder,
        Duration startTimeout,
        Duration answerTimeout) {
    /** As whom libvirt runs QEMU. */
    public enum QemuUser {
        /**
         * As the user of this agent, and libvirt changes the owner of no file. The agent's files then need no other
         * owner than when the {@code qemu} driver uses them, and images that several VMs share keep theirs. If the
         * agent is root, so is QEMU: without capabilities, in libvirt's sandbox and mount namespace.
         */
        AGENT,
        /**
         * As libvirt is configured, e.g. as {@code libvirt-qemu}. libvirt gives a disk's file to that user while the
         * domain runs; every folder above it must let that user pass.
         */
        LIBVIRT_DEFAULT
    }

    /** Where libvirt writes what becomes of a domain, and what its QEMU says. */
    Path log(String domainName) {
        return logFolder.resolve(domainName + ".log");
    }

    /** What suits libvirtd of the system, as the distributions package it. */
    public static LibvirtSettings system(String uri, Optional<Path> emulator, Optional<Path> guard) {
        return new LibvirtSettings(
                uri,
                emulator,
                guard,
                QemuUser.AGENT,
                Path.of("/run/libvirt/qemu"),
                Path.of("/var/log/libvirt/qemu"),
                Duration.ofSeconds(60),
                Duration.ofSeconds(5));
    }
}
