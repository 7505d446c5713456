package io.kelpie.agent.driver.fake;

import io.kelpie.agent.driver.DriverException;
import io.kelpie.common.yaml.YamlException;
import io.kelpie.common.yaml.YamlMap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * How the fake VMs of a host behave, by name. Every key may be left out:
 *
 * <pre>
 * unusable: the moon is full      # the driver says that it cannot work on this host, and why
 * default:                        # for VMs that are not named below, and for what those do not say
 *   startDelay: 200ms             # from the start until the CPUs run
 * vms:
 *   web-0: {startFailure: out of luck}          # its start fails with this on standard error
 *   web-1: {crashAfter: 10s}                    # its hypervisor is killed, 10 s after its CPUs began to run
 *   web-2: {shutdownAfter: 1m}                  # its guest shuts itself down
 *   web-3: {ignoresAcpi: true}                  # a stop needs the rung "quit"
 *   web-4: {stopDelay: 3s}                      # from the ACPI request to the guest's end
 *   web-5: {frozen: true}                       # its hypervisor answers nothing, and a stop needs the rung "kill"
 * </pre>
 *
 * @param unusable why the driver cannot work
 * @param byDefault for VMs that are not named
 * @param vms by the VM's name
 */
record FakeBehaviors(Optional<String> unusable, FakeBehavior byDefault, Map<String, FakeBehavior> vms) {
    FakeBehaviors {
        vms = Map.copyOf(vms);
    }

    FakeBehavior of(String vmName) {
        return vms.getOrDefault(vmName, byDefault);
    }

    /** Reads the file; without one, all VMs are good. */
    static FakeBehaviors read(Path file) throws DriverException {
        String text;
        try {
            text = Files.readString(file);
        } catch (NoSuchFileException e) {
            return new FakeBehaviors(Optional.empty(), FakeBehavior.GOOD, Map.of());
        } catch (IOException e) {
            throw new DriverException("cannot read " + file + ": " + e.getMessage(), "", e);
        }
        try {
            return parse(YamlMap.parse(file.toString(), text));
        } catch (YamlException e) {
            throw new DriverException(String.valueOf(e.getMessage()), "", e);
        }
    }

    private static FakeBehaviors parse(YamlMap root) {
        Optional<String> unusable = Optional.ofNullable(root.optionalString("unusable"));
        YamlMap defaults = root.optionalMap("default");
        FakeBehavior byDefault = defaults == null ? FakeBehavior.GOOD : FakeBehavior.parse(defaults, FakeBehavior.GOOD);
        Map<String, FakeBehavior> vms = new LinkedHashMap<>();
        YamlMap named = root.optionalMap("vms");
        if (named != null) {
            for (String name : named.keys()) {
                vms.put(name, FakeBehavior.parse(named.requiredMap(name), byDefault));
            }
        }
        root.rejectUnknown();
        return new FakeBehaviors(unusable, byDefault, vms);
    }
}
