/** Plain ways to place VMs, to measure the engine by. */
package io.kelpie.controller.replay.baseline;
