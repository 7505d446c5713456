/** Helpers for other processes and for work on shared things: bounded commands, locks by key. */
package io.kelpie.agent.process;
