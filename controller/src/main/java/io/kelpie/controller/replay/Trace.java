package io.kelpie.controller.replay;

import java.util.List;

/**
 * The VMs to place, as a file gives them.
 *
 * @param vms in the order of arrival: by time, then by row. The index of a VM is its position here
 * @param timed whether the file tells times; if not, all arrive at 0 and none leaves
 * @param groups how many groups there are
 */
public record Trace(List<TraceVm> vms, boolean timed, int groups) {
    public Trace {
        vms = List.copyOf(vms);
    }
}
