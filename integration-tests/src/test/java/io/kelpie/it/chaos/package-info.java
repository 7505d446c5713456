/** A real cluster in network namespaces, with faults injected into it and watched from outside. */
package io.kelpie.it.chaos;
