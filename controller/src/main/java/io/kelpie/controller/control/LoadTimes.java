package io.kelpie.controller.control;

/**
 * How long a term's loading took, in nanoseconds; each part begins where the one before it ended.
 *
 * @param hosts until cluster, configuration, controllers and hosts were read, and hosts could be granted
 * @param read until everything else was listed and read
 * @param parse until records were made of what was read
 * @param build until the term's state was made of the records
 */
record LoadTimes(long hosts, long read, long parse, long build) {}
