package io.kelpie.cli.view;

import io.kelpie.cli.output.Ages;
import io.kelpie.cli.output.Column;
import io.kelpie.cli.output.ProtoTree;
import io.kelpie.cli.output.Tone;
import io.kelpie.common.time.TimeSource;
import io.kelpie.proto.v1.DriverChoice;
import io.kelpie.proto.v1.Vm;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** How VMs are listed. */
public final class VmResource implements Resource<Vm> {
    private final TimeSource clock;
    private final boolean withNamespace;

    public VmResource(TimeSource clock, boolean withNamespace) {
        this.clock = clock;
        this.withNamespace = withNamespace;
    }

    @Override
    public List<Column<Vm>> columns() {
        List<Column<Vm>> columns = new ArrayList<>();
        if (withNamespace) {
            columns.add(Column.of("NAMESPACE", vm -> vm.getRecord().getNamespace()));
        }
        columns.add(Column.<Vm>of("NAME", Vm::getName)
                .orderedBy(vm -> String.format(
                        "%s/%05d", vm.getRecord().getJob(), vm.getRecord().getOrdinal())));
        columns.add(Column.of("STATE", VmPhrases::stateWord).toned(VmResource::tone));
        columns.add(Column.of("HOST", vm -> Phrases.orDash(vm.getHostName())));
        columns.add(Column.number("INCARNATION", vm -> vm.getRecord().getIncarnation()));
        columns.add(Column.<Vm>of("AGE", vm -> Ages.between(vm.getRecord().getStateSinceMillis(), clock.wallMillis()))
                .orderedBy(vm -> -vm.getRecord().getStateSinceMillis()));
        columns.add(Column.of("NOTE", vm -> VmPhrases.note(vm, clock.wallMillis())));
        columns.add(Column.<Vm>of("JOB", vm -> vm.getRecord().getJob()).wide());
        columns.add(Column.<Vm>of("VERSION", vm -> Long.toString(vm.getRecord().getSpecVersion()))
                .orderedBy(vm -> vm.getRecord().getSpecVersion())
                .wide());
        columns.add(
                Column.<Vm>of("VCPUS", vm -> Integer.toString(vm.getTemplate().getVcpus()))
                        .orderedBy(vm -> vm.getTemplate().getVcpus())
                        .wide());
        columns.add(
                Column.<Vm>of("MEMORY", vm -> Phrases.memory(vm.getTemplate().getMemoryMib()))
                        .orderedBy(vm -> vm.getTemplate().getMemoryMib())
                        .wide());
        columns.add(Column.of("DRIVER", VmResource::driver).wide());
        columns.add(Column.<Vm>of(
                        "ACCELERATOR", vm -> Phrases.orDash(vm.getObserved().getAccelerator()))
                .wide());
        columns.add(Column.<Vm>of("VM-ID", vm -> vm.getRecord().getVmId()).wide());
        return columns;
    }

    @Override
    public String name(Vm vm) {
        return "vm/" + vm.getName();
    }

    @Override
    public String key(Vm vm) {
        return vm.getRecord().getNamespace() + "/" + vm.getName();
    }

    @Override
    public Map<String, Object> tree(Vm vm) {
        return ProtoTree.of(vm);
    }

    private static String driver(Vm vm) {
        DriverChoice driver = vm.getRecord().getDriver();
        return driver == DriverChoice.DRIVER_CHOICE_UNSPECIFIED ? "-" : Phrases.lower(driver, "DRIVER_CHOICE_");
    }

    private static Tone tone(Vm vm) {
        return switch (vm.getRecord().getState()) {
            case VM_STATE_RUNNING -> vm.getHostUnreachable() ? Tone.WAITING : Tone.GOOD;
            case VM_STATE_FAILED -> Tone.BAD;
            case VM_STATE_PENDING,
                    VM_STATE_PLACED,
                    VM_STATE_STARTING,
                    VM_STATE_MIGRATING,
                    VM_STATE_STOPPING,
                    VM_STATE_EVICTING,
                    VM_STATE_DELETING -> Tone.WAITING;
            case VM_STATE_STOPPED, VM_STATE_DELETED, VM_STATE_UNSPECIFIED, UNRECOGNIZED -> Tone.PLAIN;
        };
    }
}
