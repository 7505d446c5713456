package io.kelpie.controller.scheduling.filter;

import io.kelpie.controller.model.DriverKind;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.HostTable;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** The driver asked for, or with {@code auto} any real one, must be usable. */
final class DriverFilter implements Filter {
    @Override
    public String rule() {
        return "driver";
    }

    @Override
    public Scope scope() {
        return Scope.TRAITS;
    }

    @Override
    public boolean concerns(Ask ask) {
        return true;
    }

    @Override
    public long distance(HostTable hosts, int host, Ask ask) {
        Set<DriverKind> usable = hosts.view(host).traits().drivers();
        Optional<DriverKind> asked = ask.shape().driver();
        boolean passes = asked.isPresent()
                ? usable.contains(asked.get())
                : usable.contains(DriverKind.QEMU) || usable.contains(DriverKind.LIBVIRT);
        return passes ? 0 : REJECTED;
    }

    @Override
    public Rejection rejection(HostTable hosts, int host, Ask ask) {
        HostView view = hosts.view(host);
        Optional<String> asked = ask.shape().driver().map(DriverFilter::word);
        Set<String> usable = new TreeSet<>();
        view.traits().drivers().forEach(driver -> usable.add(word(driver)));
        String repair = "make " + asked.orElse("qemu") + " usable on " + view.name() + ": kelpie describe host "
                + view.name() + " says what is missing";
        return Rejection.of(
                view.name(),
                asked.map(driver -> "driver " + driver).orElse("driver qemu or libvirt"),
                usable.isEmpty() ? "no usable driver" : "usable: " + String.join(", ", usable),
                "",
                asked.isPresent() ? "set spec.vm.driver to auto, or " + repair : repair);
    }

    private static String word(DriverKind driver) {
        return driver.name().toLowerCase(Locale.ROOT);
    }
}
