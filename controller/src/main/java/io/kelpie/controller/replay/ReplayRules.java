package io.kelpie.controller.replay;

import io.kelpie.common.resources.QemuOverhead;

/**
 * How an engine is to place.
 *
 * @param seed breaks ties between hosts that are as good
 */
public record ReplayRules(Policy policy, Overhead overhead, long seed) {
    /** What a good host is. */
    public enum Policy {
        /** Few hosts in use, with little room left on them that no VM could use. */
        PACK,
        /** Load even over all hosts. */
        SPREAD
    }

    /** What a VM takes of its host's memory beyond its own. */
    public enum Overhead {
        /** Nothing: the trace's sizes as they stand. */
        NONE,
        /**
         * What a QEMU process needs: {@link QemuOverhead}. It is spread over the VM's NUMA nodes
         * as its memory is, each share rounded up to a MiB.
         */
        QEMU;

        /** What the VM takes of its host's memory in MiB. */
        public long footprintMib(ReplayVm vm) {
            return switch (this) {
                case NONE -> vm.memoryMib();
                case QEMU -> QemuOverhead.memoryMib(vm.memoryMib(), vm.vcpus());
            };
        }
    }
}
