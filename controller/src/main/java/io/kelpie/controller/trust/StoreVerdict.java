package io.kelpie.controller.trust;

import java.util.UUID;

/** What a controller thinks of the store that answers it. */
public sealed interface StoreVerdict {
    /** The store is empty, and this controller has never belonged to a cluster: it may make one. */
    record MayCreate() implements StoreVerdict {}

    /** The store is the cluster's, and no older than anything this controller has seen. */
    record Trusted(UUID cluster) implements StoreVerdict {}

    /** Nothing may be written to it: not a term, not even a cluster's record. */
    record Distrusted(ReadOnly why) implements StoreVerdict {}
}
