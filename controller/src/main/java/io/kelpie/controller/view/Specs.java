package io.kelpie.controller.view;

import io.kelpie.proto.v1.JobRecord;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.VersionedSpec;
import io.kelpie.proto.v1.VmRecord;

/** Which spec a VM runs. A job keeps an earlier spec only where the template of its VMs has changed after it. */
public final class Specs {
    private Specs() {}

    /** The spec as it was at a version, as far as its VMs' template goes. */
    public static JobSpec at(JobRecord job, long version) {
        JobSpec found = job.getSpec();
        long foundVersion = job.getVersion();
        for (VersionedSpec earlier : job.getEarlierSpecsList()) {
            if (earlier.getVersion() >= version && earlier.getVersion() < foundVersion) {
                found = earlier.getSpec();
                foundVersion = earlier.getVersion();
            }
        }
        return found;
    }

    /** The spec of a VM's present instance, or of its next one if it has none. */
    public static JobSpec of(JobRecord job, VmRecord vm) {
        return vm.getHostId().isEmpty() ? job.getSpec() : at(job, vm.getSpecVersion());
    }

    /** Whether a VM's present instance runs another template than its job asks for now. */
    public static boolean isOutdated(JobRecord job, VmRecord vm) {
        return !of(job, vm).getVm().equals(job.getSpec().getVm());
    }
}
