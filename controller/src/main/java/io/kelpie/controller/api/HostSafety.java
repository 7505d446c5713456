package io.kelpie.controller.api;

import io.kelpie.controller.dispatch.HostContacts;
import io.kelpie.controller.fence.FencePlugin;
import java.util.Optional;

/**
 * What it takes to call a host dead.
 *
 * @param contacts when this controller has heard each host
 * @param peers the other controllers
 * @param plugin powers hosts off; empty: none is configured
 */
public record HostSafety(HostContacts contacts, Peers peers, Optional<FencePlugin> plugin) {}
