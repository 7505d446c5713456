/**
 * What {@code kelpie-guard} leaves on disk, read by the drivers whose hypervisors it guards. {@code kelpie-guard.c} says
 * what the files hold.
 */
package io.kelpie.agent.driver.guard;
