package io.kelpie.controller.backup;

import java.util.UUID;

/**
 * What a backup says of itself.
 *
 * @param cluster whose records it holds
 * @param epoch of the term in which it was made
 * @param madeAtMillis when, in milliseconds since 1970
 */
public record BackupHeader(UUID cluster, long epoch, long madeAtMillis) {}
