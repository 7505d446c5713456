/** What a host must not forget: whom it obeys, and how it writes that down so that no crash undoes it. */
package io.kelpie.agent.fencing;
