package io.kelpie.controller.scheduling.whatif;

import io.kelpie.common.units.ByteSizes;
import io.kelpie.controller.model.AccelerationMode;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.model.PagingRequirement;
import io.kelpie.controller.model.PlacementRules;
import io.kelpie.controller.model.VmShape;
import io.kelpie.controller.scheduling.PlacementRequest;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A size of VM.
 *
 * @param vcpus virtual CPUs, at least 1
 * @param memoryMib the guest's memory, in MiB
 */
public record Flavor(int vcpus, long memoryMib) {
    /** What a flavour may be, for messages. */
    public static final String RULE = "vCPUs, x and the memory, e.g. 4x8Gi";

    private static final Pattern FLAVOR = Pattern.compile("([1-9][0-9]{0,4})x(\\w+)");

    /** The flavour in a text; empty if it is none. */
    public static Optional<Flavor> parse(String text) {
        Matcher matcher = FLAVOR.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        OptionalLong memoryMib = ByteSizes.parseMib(matcher.group(2));
        return memoryMib.isEmpty()
                ? Optional.empty()
                : Optional.of(new Flavor(Integer.parseInt(matcher.group(1)), memoryMib.getAsLong()));
    }

    /** A VM of this size with nothing else to ask for: KVM with hardware paging, any real driver, no disk in a pool. */
    public PlacementRequest request() {
        VmShape shape = new VmShape(
                vcpus,
                memoryMib,
                Optional.empty(),
                0,
                new TreeMap<>(),
                new TreeMap<>(),
                false,
                AccelerationMode.KVM,
                PagingRequirement.HARDWARE,
                Optional.empty(),
                Optional.empty(),
                Set.of());
        return PlacementRequest.of(new UUID(0, 0), new JobKey("", toString()), 0, 0, 0, shape, PlacementRules.NONE);
    }

    @Override
    public String toString() {
        return vcpus + "x" + ByteSizes.formatMib(memoryMib);
    }
}
