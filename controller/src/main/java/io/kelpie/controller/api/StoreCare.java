package io.kelpie.controller.api;

import io.kelpie.controller.backup.Restore;
import io.kelpie.controller.trust.ClusterPins;
import java.nio.file.Path;
import java.util.concurrent.Executor;

/**
 * What the services need to look after the store itself.
 *
 * @param pins what this controller remembers of its cluster
 * @param restore puts backups into the store
 * @param spoolFolder where a backup lies while it is being restored; belongs to this controller alone
 * @param executor runs restores, which wait for the store; one thread is enough
 */
public record StoreCare(ClusterPins pins, Restore restore, Path spoolFolder, Executor executor) {}
