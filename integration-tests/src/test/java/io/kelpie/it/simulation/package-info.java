/**
 * Whole clusters on one thread in virtual time: the production controller and agent over a simulated network, store,
 * clock and driver, with seeded faults, and checkers that look after every event.
 */
package io.kelpie.it.simulation;
