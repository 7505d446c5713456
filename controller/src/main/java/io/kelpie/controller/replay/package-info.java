/**
 * {@code kelpie replay}: the placement engine run over a pool of hosts and a trace of VMs that files describe, without a
 * cluster. Everything but the reading of files, the clock and the printing is pure.
 */
package io.kelpie.controller.replay;
