/**
 * Preemption: which VMs of lower priority are ended so that one of higher priority finds a place, and how that place is
 * kept for it until they are gone. Pure: a function of the inventory and its seed.
 */
package io.kelpie.controller.scheduling.preempt;
