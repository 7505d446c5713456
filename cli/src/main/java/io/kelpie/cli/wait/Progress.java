package io.kelpie.cli.wait;

import io.kelpie.cli.Terminal;
import io.kelpie.cli.output.CleanText;
import io.kelpie.cli.view.VmPhrases;
import io.kelpie.proto.v1.Vm;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Says on standard error how far a wait has come: on a terminal in one line that is written over, elsewhere a line per
 * change of a VM's state. Close it before anything else is written.
 */
final class Progress implements AutoCloseable {
    private static final String LINE_START_AND_CLEAR = "\r\u001b[K";

    private final Terminal terminal;
    private final Map<String, String> said = new HashMap<>();
    private String line = "";

    Progress(Terminal terminal) {
        this.terminal = terminal;
    }

    void vms(String target, Condition condition, Collection<Vm> vms, long wanted) {
        if (!terminal.progress()) {
            vms.forEach(this::sayChange);
            return;
        }
        Map<String, Long> states =
                vms.stream().collect(Collectors.groupingBy(VmPhrases::stateWord, TreeMap::new, Collectors.counting()));
        long done = vms.stream()
                .filter(vm -> condition.holds(vm.getRecord().getState()))
                .count();
        String details = states.entrySet().stream()
                .map(state -> state.getValue() + " " + state.getKey())
                .collect(Collectors.joining(", "));
        show(target + ": " + done + " of " + wanted + " " + condition.word()
                + (details.isEmpty() ? "" : " (" + details + ")"));
    }

    void text(String text) {
        if (terminal.progress()) {
            show(text);
        } else if (!text.equals(line)) {
            line = text;
            terminal.note(text);
        }
    }

    @Override
    public void close() {
        if (terminal.progress() && !line.isEmpty()) {
            terminal.err().println();
            line = "";
        }
    }

    private void sayChange(Vm vm) {
        String state = VmPhrases.state(vm) + (vm.getHostName().isEmpty() ? "" : " on " + vm.getHostName());
        if (!state.equals(said.put(vm.getName(), state))) {
            terminal.note("vm/" + vm.getName() + ": " + state);
        }
    }

    private void show(String text) {
        if (!text.equals(line)) {
            line = text;
            terminal.err().print(LINE_START_AND_CLEAR + CleanText.line(text));
            terminal.err().flush();
        }
    }
}
