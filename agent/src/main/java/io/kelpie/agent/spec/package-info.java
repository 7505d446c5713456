/** What job specs ask of a host. */
package io.kelpie.agent.spec;
