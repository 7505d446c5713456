package io.kelpie.cli.view;

import io.kelpie.cli.output.Column;
import io.kelpie.cli.output.Table;
import io.kelpie.proto.v1.DrainHostResponse;
import io.kelpie.proto.v1.DrainedVm;
import io.kelpie.proto.v1.Host;
import io.kelpie.proto.v1.PreviewDrainResponse;
import java.util.ArrayList;
import java.util.List;

/** Where the VMs of a host go. */
public final class DrainView {
    private DrainView() {}

    /** What a drain would do. */
    public static List<String> preview(PreviewDrainResponse preview) {
        long going = going(preview.getVmsList());
        return lines(
                name(preview.getHost()) + ": " + going + " of " + Phrases.vms(preview.getVmsCount())
                        + " would move, in " + preview.getWaves() + (preview.getWaves() == 1 ? " wave" : " waves"),
                preview.getVmsList());
    }

    /** What a drain does. */
    public static List<String> begun(DrainHostResponse begun) {
        return lines(
                name(begun.getHost()) + " cordoned: " + begun.getMoves() + " of " + Phrases.vms(begun.getVmsCount())
                        + (begun.getMoves() == 1 ? " moves" : " move"),
                begun.getVmsList());
    }

    private static String name(Host host) {
        return "host/" + host.getRecord().getName();
    }

    private static long going(List<DrainedVm> vms) {
        return vms.stream().filter(vm -> vm.getWave() > 0).count();
    }

    private static List<String> lines(String summary, List<DrainedVm> vms) {
        List<String> lines = new ArrayList<>();
        lines.add(summary);
        if (!vms.isEmpty()) {
            lines.add("");
            List<Column<DrainedVm>> columns = List.of(
                    Column.of("WAVE", vm -> vm.getWave() == 0 ? "-" : Integer.toString(vm.getWave())),
                    Column.of("VM", vm -> vm.getNamespace() + "/" + vm.getName()),
                    Column.of("TO", vm -> Phrases.orDash(vm.getDecision().getHostName())),
                    Column.of("NOTE", DrainView::note));
            lines.addAll(new Table<>(columns, true, true, false).lines(vms));
        }
        return lines;
    }

    private static String note(DrainedVm vm) {
        String rules = DecisionView.rulesInShort(vm.getDecision());
        boolean rejected = vm.hasDecision() && vm.getDecision().getHostId().isEmpty() && !rules.equals("-");
        return rejected ? vm.getReason() + ": " + rules : Phrases.orDash(vm.getReason());
    }
}
