package io.kelpie.controller.lease;

/**
 * A host's question for a lease: what a heartbeat says of it. Immutable.
 *
 * @param bootId the kernel's boot id that the host names
 * @param sequence grows with each heartbeat of a stream
 * @param lineage the lineage that the host holds, or asks for; 0: it asks for nothing
 * @param opens whether it asks for a new lease under this lineage
 * @param untilThaw whether the lease that it holds has no end before a thaw
 */
public record Question(String bootId, long sequence, long lineage, boolean opens, boolean untilThaw) {}
