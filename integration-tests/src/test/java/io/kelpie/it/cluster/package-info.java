/** A real cluster on this machine for end-to-end tests: the distribution's own programs as separate processes. */
package io.kelpie.it.cluster;
