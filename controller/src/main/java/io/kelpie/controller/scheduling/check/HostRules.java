package io.kelpie.controller.scheduling.check;

import io.kelpie.controller.model.AccelerationMode;
import io.kelpie.controller.model.DriverKind;
import io.kelpie.controller.model.LabelRequirement;
import io.kelpie.controller.model.PagingMode;
import io.kelpie.controller.model.PagingRequirement;
import io.kelpie.controller.model.Taint;
import io.kelpie.controller.model.Toleration;
import io.kelpie.controller.model.VmShape;
import io.kelpie.controller.scheduling.HostTraits;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.PlacementRequest;
import java.util.ArrayList;
import java.util.List;

/** The rules on what a host is, however full. Pure. */
public final class HostRules {
    private HostRules() {}

    /** What is wrong with the VM on the host, a sentence each. */
    public static List<String> faults(PlacementRequest request, HostView host) {
        List<String> faults = new ArrayList<>();
        String placed = "is placed on " + host.name();
        addState(host.traits(), placed, faults);
        for (Taint taint : host.traits().taints()) {
            if (!isTolerated(taint, request.rules().tolerations())) {
                faults.add(placed + ", whose taint " + taint + " it does not tolerate");
            }
        }
        for (LabelRequirement wanted : request.rules().require()) {
            String value = host.traits().labels().get(wanted.label());
            if (value == null || wanted.in().stream().noneMatch(value::equals)) {
                faults.add(placed + ", whose label " + wanted.label() + " is " + value);
            }
        }
        request.boundToHost().ifPresent(home -> {
            if (!home.equals(host.id())) {
                faults.add(placed + ", its disk " + request.boundDisk() + " is on " + home);
            }
        });
        addCapabilities(request.shape(), host.traits(), placed, faults);
        if (request.avoidedHosts().contains(host.id())) {
            faults.add(placed + ", which refused it lately");
        }
        return faults;
    }

    private static void addState(HostTraits host, String placed, List<String> faults) {
        if (!host.ready()) {
            faults.add(placed + ", which is not ready");
        }
        if (host.cordoned()) {
            faults.add(placed + ", which is cordoned");
        }
        if (host.draining()) {
            faults.add(placed + ", which is being drained");
        }
    }

    private static boolean isTolerated(Taint taint, List<Toleration> tolerations) {
        for (Toleration toleration : tolerations) {
            boolean anyValue = toleration.value().isEmpty();
            if (toleration.key().equals(taint.key())
                    && (anyValue || toleration.value().get().equals(taint.value()))) {
                return true;
            }
        }
        return false;
    }

    private static void addCapabilities(VmShape shape, HostTraits host, String placed, List<String> faults) {
        if (host.drivers().stream().noneMatch(driver -> canRun(driver, shape))) {
            faults.add(placed + ", which has no fitting driver");
        }
        if (shape.acceleration() == AccelerationMode.KVM) {
            if (!host.kvmVerified()) {
                faults.add(placed + ", where KVM is not verified");
            }
            boolean hardware = host.pagingMode() == PagingMode.EPT || host.pagingMode() == PagingMode.NPT;
            if (shape.paging() == PagingRequirement.HARDWARE && !hardware) {
                faults.add(placed + ", which has no hardware paging");
            }
        }
        shape.cpuModel().ifPresent(model -> {
            if (!host.cpuModels().contains(model)) {
                faults.add(placed + ", which cannot run CPU model " + model);
            }
        });
    }

    private static boolean canRun(DriverKind driver, VmShape shape) {
        return shape.driver().isEmpty()
                ? driver != DriverKind.FAKE
                : shape.driver().get() == driver;
    }
}
