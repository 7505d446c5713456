/**
 * Whether the store that answers is the cluster's own, as it was left: what a controller keeps on disk to tell, and what
 * it does not do as long as it cannot.
 */
package io.kelpie.controller.trust;
