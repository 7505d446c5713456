package io.kelpie.controller.scheduling.filter;

import io.kelpie.controller.model.AccelerationMode;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.HostTable;

/** KVM needs a host that has booted a guest under it; TCG runs wherever a driver does. */
final class AccelerationFilter implements Filter {
    @Override
    public String rule() {
        return "acceleration";
    }

    @Override
    public Scope scope() {
        return Scope.TRAITS;
    }

    @Override
    public boolean concerns(Ask ask) {
        return ask.shape().acceleration() == AccelerationMode.KVM;
    }

    @Override
    public long distance(HostTable hosts, int host, Ask ask) {
        boolean passes = switch (ask.shape().acceleration()) {
            case KVM -> hosts.view(host).traits().kvmVerified();
            case TCG, ANY -> true;
        };
        return passes ? 0 : REJECTED;
    }

    @Override
    public Rejection rejection(HostTable hosts, int host, Ask ask) {
        HostView view = hosts.view(host);
        return Rejection.of(
                view.name(),
                "kvm",
                "kvm is not verified on " + view.name(),
                "",
                "set spec.vm.acceleration.mode to any or tcg, or make KVM work on " + view.name()
                        + ": kelpie describe host " + view.name() + " says what is missing");
    }
}
