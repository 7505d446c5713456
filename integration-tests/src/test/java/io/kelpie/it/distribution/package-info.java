/** The distribution as users unpack it. */
package io.kelpie.it.distribution;
