package io.kelpie.agent.instance;

import io.kelpie.agent.driver.Accelerator;
import io.kelpie.agent.driver.DriverKind;
import io.kelpie.agent.driver.GuestHardware;
import io.kelpie.agent.driver.InstanceId;
import io.kelpie.proto.v1.VmTemplate;

/**
 * An instance is to be started, with every choice made.
 *
 * @param id the instance
 * @param vmName the VM's name, the guest's hostname
 * @param template what to run
 * @param driver who runs it
 * @param accelerator what executes the guest
 * @param hardware what its CPUs and memory are made of
 */
public record StartOrder(
        InstanceId id,
        String vmName,
        VmTemplate template,
        DriverKind driver,
        Accelerator accelerator,
        GuestHardware hardware) {}
