package io.kelpie.controller.view;

import io.kelpie.proto.v1.DataDisk;
import io.kelpie.proto.v1.JobRecord;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.VersionedSpec;
import io.kelpie.proto.v1.VmRecord;
import io.kelpie.proto.v1.VmTemplate;
import java.util.LinkedHashMap;
import java.util.Map;

/** Which spec a VM runs. A job keeps an earlier spec only where the template of its VMs has changed after it. */
public final class Specs {
    /** Pool of a disk that names none. */
    private static final String DEFAULT_POOL = "default";

    private Specs() {}

    /** Kept disks as name and pool, the root disk first. */
    public static Map<String, String> keptDiskPools(VmTemplate vm) {
        Map<String, String> kept = new LinkedHashMap<>();
        if (vm.hasRoot() && vm.getRoot().getKeep()) {
            kept.put("root", pool(vm.getRoot().getPool()));
        }
        for (DataDisk disk : vm.getDisksList()) {
            if (disk.getKeep()) {
                kept.put(disk.getName(), pool(disk.getPool()));
            }
        }
        return kept;
    }

    /** The pool that a disk names, or the default one. */
    public static String pool(String name) {
        return name.isEmpty() ? DEFAULT_POOL : name;
    }

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
