/** Placement that keeps the cluster able to restart the VMs of any one lost host, beside Ganeti's {@code hail}. */
package io.kelpie.it.benchmark.nplus1;
