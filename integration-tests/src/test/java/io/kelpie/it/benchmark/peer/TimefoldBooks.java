package io.kelpie.it.benchmark.peer;

/**
 * What the score calculator looks at beside the problem itself.
 *
 * @param books what is free before the batch
 */
record TimefoldBooks(PeerBooks books, PeerRules rules) {}
