package io.kelpie.controller.scheduling.filter;

import io.kelpie.controller.model.AccelerationMode;
import io.kelpie.controller.model.PagingMode;
import io.kelpie.controller.model.PagingRequirement;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.HostTable;
import java.util.Locale;

/** A VM that must run under KVM with hardware paging needs EPT or NPT; where {@code any} cannot have it, TCG runs it. */
final class PagingFilter implements Filter {
    @Override
    public String rule() {
        return "paging";
    }

    @Override
    public Scope scope() {
        return Scope.TRAITS;
    }

    @Override
    public boolean concerns(Ask ask) {
        return ask.shape().acceleration() == AccelerationMode.KVM && ask.shape().paging() == PagingRequirement.HARDWARE;
    }

    @Override
    public long distance(HostTable hosts, int host, Ask ask) {
        if (ask.shape().acceleration() != AccelerationMode.KVM || ask.shape().paging() != PagingRequirement.HARDWARE) {
            return 0;
        }
        PagingMode mode = hosts.view(host).traits().pagingMode();
        boolean passes = switch (mode) {
            case EPT, NPT -> true;
            case SHADOW, NONE -> false;
        };
        return passes ? 0 : REJECTED;
    }

    @Override
    public Rejection rejection(HostTable hosts, int host, Ask ask) {
        HostView view = hosts.view(host);
        return Rejection.of(
                view.name(),
                "hardware paging (EPT or NPT)",
                view.traits().pagingMode().name().toLowerCase(Locale.ROOT),
                "",
                "set spec.vm.acceleration.paging to any, or load kvm_intel with ept=1 (kvm_amd with npt=1) on "
                        + view.name());
    }
}
