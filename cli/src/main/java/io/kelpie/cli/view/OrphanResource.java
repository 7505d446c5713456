package io.kelpie.cli.view;

import io.kelpie.cli.output.Column;
import io.kelpie.cli.output.ProtoTree;
import io.kelpie.proto.v1.InstanceReport;
import io.kelpie.proto.v1.Orphan;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** How instances that belong to no VM are listed. */
public final class OrphanResource implements Resource<Orphan> {
    private static final String PHASE = "INSTANCE_PHASE_";

    @Override
    public List<Column<Orphan>> columns() {
        return List.of(
                Column.of("HOST", Orphan::getHostName),
                Column.of("VM-ID", orphan -> orphan.getInstance().getVmId()),
                Column.number("INCARNATION", orphan -> orphan.getInstance().getIncarnation()),
                Column.of("NAME", OrphanResource::vmName),
                Column.of("PHASE", OrphanResource::phase),
                Column.<Orphan>number(
                                "VCPUS", orphan -> (long) orphan.getInstance().getVcpus())
                        .wide(),
                Column.<Orphan>of("MEMORY", orphan -> orphan.getInstance().getMemoryMib() + "Mi")
                        .wide(),
                Column.of("REASON", Orphan::getReason));
    }

    private static String vmName(Orphan orphan) {
        InstanceReport instance = orphan.getInstance();
        return instance.getVmName().isEmpty() ? "-" : instance.getNamespace() + "/" + instance.getVmName();
    }

    private static String phase(Orphan orphan) {
        String phase = orphan.getInstance().getPhase().name();
        return phase.startsWith(PHASE) ? phase.substring(PHASE.length()).toLowerCase(Locale.ROOT) : phase;
    }

    @Override
    public String name(Orphan orphan) {
        return "orphan/" + key(orphan);
    }

    @Override
    public String key(Orphan orphan) {
        return orphan.getHostName() + "/" + orphan.getInstance().getVmId() + "/"
                + orphan.getInstance().getIncarnation();
    }

    @Override
    public Map<String, Object> tree(Orphan orphan) {
        return ProtoTree.of(orphan);
    }
}
