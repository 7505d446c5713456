/** All of a cluster's records in one file, and the way back. */
package io.kelpie.controller.backup;
