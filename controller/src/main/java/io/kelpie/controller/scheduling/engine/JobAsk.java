package io.kelpie.controller.scheduling.engine;

/**
 * What the VMs of a job ask alike.
 *
 * @param demand of each of them
 * @param terms the job's rules about other VMs
 */
record JobAsk(Demand demand, JobTerms terms) {}
