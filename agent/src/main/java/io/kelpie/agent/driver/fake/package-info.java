/** The driver for rehearsals: instances without a process, whose troubles are configured while they run. */
package io.kelpie.agent.driver.fake;
