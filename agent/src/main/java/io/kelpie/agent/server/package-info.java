/** The agent's process: configuration, wiring, identity, measurements. */
package io.kelpie.agent.server;
