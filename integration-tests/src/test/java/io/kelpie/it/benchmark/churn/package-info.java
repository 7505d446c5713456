/** A workload of jobs that come and go, and engines that place their VMs: Kelpie's and its peers'. */
package io.kelpie.it.benchmark.churn;
