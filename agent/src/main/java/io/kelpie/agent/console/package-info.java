/** What guests print, on its way to operators. */
package io.kelpie.agent.console;
