package io.kelpie.controller.control;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Parser;
import io.kelpie.controller.model.DriverKind;
import io.kelpie.controller.model.Job;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.model.OnHostFailure;
import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.model.RestartPolicy;
import io.kelpie.controller.model.Vm;
import io.kelpie.controller.model.VmState;
import io.kelpie.controller.view.Specs;
import io.kelpie.proto.v1.DataDisk;
import io.kelpie.proto.v1.DeviceRequest;
import io.kelpie.proto.v1.DriverChoice;
import io.kelpie.proto.v1.JobRecord;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.PoolReservation;
import io.kelpie.proto.v1.VmRecord;
import io.kelpie.proto.v1.VmTemplate;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

/**
 * From stored records to the values that the pure parts work on. The records themselves stay the leader's working
 * state, so that fields that this version does not know are written back as they were.
 */
final class Records {
    private Records() {}

    static <T> T parse(Parser<T> parser, ByteString value, Object key) {
        try {
            return parser.parseFrom(value);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("the store's record " + key + " cannot be read", e);
        }
    }

    static JobKey jobKey(VmRecord vm) {
        return new JobKey(vm.getNamespace(), vm.getJob());
    }

    static JobKey jobKey(JobSpec spec) {
        return new JobKey(spec.getNamespace(), spec.getName());
    }

    static Job job(JobRecord record) {
        JobSpec spec = record.getSpec();
        return new Job(
                UUID.fromString(record.getJobUid()),
                jobKey(spec),
                new TreeMap<>(spec.getLabelsMap()),
                spec.getReplicas(),
                restartPolicy(spec),
                Shapes.shape(spec),
                Shapes.rules(spec),
                Shapes.priority(spec),
                Shapes.maxUnavailable(spec),
                record.getVersion(),
                record.getDeleting(),
                record.getIncarnationFloor(),
                record.getRestartSerial(),
                record.getRestartMaxUnavailable(),
                record.getDeleteDisks());
    }

    static RestartPolicy restartPolicy(JobSpec spec) {
        io.kelpie.proto.v1.RestartPolicy restart = spec.getRestart();
        RestartPolicy.When when = switch (restart.getPolicy()) {
            case POLICY_ALWAYS -> RestartPolicy.When.ALWAYS;
            case POLICY_NEVER -> RestartPolicy.When.NEVER;
            case POLICY_ON_FAILURE, POLICY_UNSPECIFIED, UNRECOGNIZED -> RestartPolicy.When.ON_FAILURE;
        };
        int attempts = restart.getAttempts() == 0 ? RestartPolicy.DEFAULT.attempts() : restart.getAttempts();
        long windowMillis = restart.getWindowSeconds() == 0
                ? RestartPolicy.DEFAULT.windowMillis()
                : restart.getWindowSeconds() * 1000L;
        return new RestartPolicy(when, attempts, windowMillis);
    }

    /** The driver that is named; empty for auto. */
    static Optional<DriverKind> driver(DriverChoice choice) {
        return switch (choice) {
            case DRIVER_CHOICE_QEMU -> Optional.of(DriverKind.QEMU);
            case DRIVER_CHOICE_LIBVIRT -> Optional.of(DriverKind.LIBVIRT);
            case DRIVER_CHOICE_FAKE -> Optional.of(DriverKind.FAKE);
            case DRIVER_CHOICE_AUTO, DRIVER_CHOICE_UNSPECIFIED, UNRECOGNIZED -> Optional.empty();
        };
    }

    /** Space that a VM's disks ask of each pool, in MiB; of kept disks only, if asked so. */
    static SortedMap<String, Long> poolMib(VmTemplate vm, boolean keptOnly) {
        SortedMap<String, Long> pools = new TreeMap<>();
        if (vm.hasRoot() && (vm.getRoot().getKeep() || !keptOnly)) {
            pools.merge(Specs.pool(vm.getRoot().getPool()), vm.getRoot().getSizeMib(), Math::addExact);
        }
        for (DataDisk disk : vm.getDisksList()) {
            if (disk.getKeep() || !keptOnly) {
                pools.merge(Specs.pool(disk.getPool()), disk.getSizeMib(), Math::addExact);
            }
        }
        return pools;
    }

    /** Kept disks as name and pool, the root disk first. */
    static Map<String, String> keptDiskPools(VmTemplate vm) {
        return Specs.keptDiskPools(vm);
    }

    /** What becomes of its VMs when a host is lost. */
    static OnHostFailure onHostFailure(JobSpec spec) {
        return switch (spec.getOnHostFailure()) {
            case ON_HOST_FAILURE_RESTART -> OnHostFailure.RESTART;
            case ON_HOST_FAILURE_LEAVE -> OnHostFailure.LEAVE;
            case ON_HOST_FAILURE_UNSPECIFIED, UNRECOGNIZED -> OnHostFailure.BY_DISKS;
        };
    }

    static Vm vm(VmRecord record) {
        return new Vm(
                UUID.fromString(record.getVmId()),
                UUID.fromString(record.getJobUid()),
                record.getOrdinal(),
                state(record.getState()),
                record.getIncarnation(),
                nonEmpty(record.getHostId()),
                nonEmpty(record.getStorageHostId()),
                record.getRestartSerial(),
                record.getDeleteDisks());
    }

    static Optional<String> nonEmpty(String text) {
        return text.isEmpty() ? Optional.empty() : Optional.of(text);
    }

    static Reservation reservation(io.kelpie.proto.v1.Reservation record) {
        SortedMap<String, Long> pools = new TreeMap<>();
        for (PoolReservation pool : record.getPoolsList()) {
            pools.put(pool.getPool(), pool.getSizeMib());
        }
        SortedMap<String, Integer> devices = new TreeMap<>();
        for (DeviceRequest device : record.getDevicesList()) {
            devices.put(device.getKind(), device.getCount());
        }
        return new Reservation(
                record.getVcpus(),
                record.getMemoryMib(),
                Shapes.pageSize(record.getHugepages()),
                record.getHugepagesMib(),
                pools,
                devices,
                record.getNumaNodesList());
    }

    static io.kelpie.proto.v1.Reservation reservation(int vcpus, long memoryMib, Map<String, Long> poolMib) {
        io.kelpie.proto.v1.Reservation.Builder record =
                io.kelpie.proto.v1.Reservation.newBuilder().setVcpus(vcpus).setMemoryMib(memoryMib);
        poolMib.forEach((pool, mib) ->
                record.addPools(PoolReservation.newBuilder().setPool(pool).setSizeMib(mib)));
        return record.build();
    }

    static io.kelpie.proto.v1.Reservation reservation(Reservation reservation) {
        io.kelpie.proto.v1.Reservation.Builder record =
                reservation(reservation.vcpus(), reservation.memoryMib(), reservation.poolMib()).toBuilder()
                        .setHugepages(Shapes.hugepages(reservation.hugepages()))
                        .setHugepagesMib(reservation.hugepagesMib())
                        .addAllNumaNodes(reservation.numaNodes());
        reservation
                .devices()
                .forEach((kind, count) -> record.addDevices(
                        DeviceRequest.newBuilder().setKind(kind).setCount(count)));
        return record.build();
    }

    static VmState state(io.kelpie.proto.v1.VmState state) {
        return switch (state) {
            case VM_STATE_PENDING -> VmState.PENDING;
            case VM_STATE_PLACED -> VmState.PLACED;
            case VM_STATE_STARTING -> VmState.STARTING;
            case VM_STATE_RUNNING -> VmState.RUNNING;
            case VM_STATE_MIGRATING -> VmState.MIGRATING;
            case VM_STATE_STOPPING -> VmState.STOPPING;
            case VM_STATE_EVICTING -> VmState.EVICTING;
            case VM_STATE_DELETING -> VmState.DELETING;
            case VM_STATE_STOPPED -> VmState.STOPPED;
            case VM_STATE_FAILED -> VmState.FAILED;
            case VM_STATE_DELETED -> VmState.DELETED;
            case VM_STATE_UNSPECIFIED, UNRECOGNIZED ->
                throw new IllegalStateException("a stored VM has the unknown state " + state);
        };
    }

    static io.kelpie.proto.v1.VmState state(VmState state) {
        return switch (state) {
            case PENDING -> io.kelpie.proto.v1.VmState.VM_STATE_PENDING;
            case PLACED -> io.kelpie.proto.v1.VmState.VM_STATE_PLACED;
            case STARTING -> io.kelpie.proto.v1.VmState.VM_STATE_STARTING;
            case RUNNING -> io.kelpie.proto.v1.VmState.VM_STATE_RUNNING;
            case MIGRATING -> io.kelpie.proto.v1.VmState.VM_STATE_MIGRATING;
            case STOPPING -> io.kelpie.proto.v1.VmState.VM_STATE_STOPPING;
            case EVICTING -> io.kelpie.proto.v1.VmState.VM_STATE_EVICTING;
            case DELETING -> io.kelpie.proto.v1.VmState.VM_STATE_DELETING;
            case STOPPED -> io.kelpie.proto.v1.VmState.VM_STATE_STOPPED;
            case FAILED -> io.kelpie.proto.v1.VmState.VM_STATE_FAILED;
            case DELETED -> io.kelpie.proto.v1.VmState.VM_STATE_DELETED;
        };
    }
}
