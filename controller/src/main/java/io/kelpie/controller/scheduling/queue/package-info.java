/**
 * The queue of VMs that wait for a place: which is decided on next, and what has to happen before one that found none is
 * tried again. Pure: a function of the calls, with the time among their arguments.
 */
package io.kelpie.controller.scheduling.queue;
