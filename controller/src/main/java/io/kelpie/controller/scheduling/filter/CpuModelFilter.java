package io.kelpie.controller.scheduling.filter;

import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.HostTable;

/** A named CPU model must be one that the host can run. */
final class CpuModelFilter implements Filter {
    @Override
    public String rule() {
        return "cpu-model";
    }

    @Override
    public Scope scope() {
        return Scope.TRAITS;
    }

    @Override
    public boolean concerns(Ask ask) {
        return ask.shape().cpuModel().isPresent();
    }

    @Override
    public long distance(HostTable hosts, int host, Ask ask) {
        String model = ask.shape().cpuModel().orElse("");
        return model.isEmpty() || hosts.view(host).traits().cpuModels().contains(model) ? 0 : REJECTED;
    }

    @Override
    public Rejection rejection(HostTable hosts, int host, Ask ask) {
        String name = hosts.view(host).name();
        return Rejection.of(
                name,
                "CPU model " + ask.shape().cpuModel().orElse(""),
                name + " cannot run it",
                "",
                "set spec.vm.cpu.model to one that hosts have: kelpie describe host " + name + " lists them");
    }
}
