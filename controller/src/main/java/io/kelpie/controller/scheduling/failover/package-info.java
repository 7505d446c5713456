/**
 * N+1: each VM that is to be started elsewhere when its host is lost has a backup, a host that keeps room for it. One
 * host is lost at a time, so the room is shared: a host keeps, in each amount, what the VMs of any one other host need
 * of it at most. Pure.
 */
package io.kelpie.controller.scheduling.failover;
