/** Grants to hosts: what a leader promises them, and when it may count a promise as over. */
package io.kelpie.controller.lease;
