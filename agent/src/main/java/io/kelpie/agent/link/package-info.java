/** The stream between this host and the leading controller. */
package io.kelpie.agent.link;
