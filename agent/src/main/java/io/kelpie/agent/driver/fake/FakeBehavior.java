package io.kelpie.agent.driver.fake;

import io.kelpie.common.yaml.YamlMap;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How one fake VM behaves.
 *
 * @param startDelay from the start until its CPUs run
 * @param startFailure the start fails, and the hypervisor says this
 * @param crashAfter its hypervisor dies so long after its CPUs began to run; at once if that is past
 * @param shutdownAfter its guest shuts itself down so long after its CPUs began to run
 * @param ignoresAcpi its guest does not follow the ACPI request
 * @param stopDelay from the ACPI request to the guest's end
 * @param frozen its hypervisor answers nothing
 */
record FakeBehavior(
        Duration startDelay,
        Optional<String> startFailure,
        Optional<Duration> crashAfter,
        Optional<Duration> shutdownAfter,
        boolean ignoresAcpi,
        Duration stopDelay,
        boolean frozen) {
    /** A VM without troubles. */
    static final FakeBehavior GOOD = new FakeBehavior(
            Duration.ZERO, Optional.empty(), Optional.empty(), Optional.empty(), false, Duration.ZERO, false);

    private static final Pattern DURATION = Pattern.compile("([0-9]{1,9})(ms|s|m)");

    /** Reads a mapping; what it does not say is as in {@code fallback}. */
    static FakeBehavior parse(YamlMap map, FakeBehavior fallback) {
        FakeBehavior behavior = new FakeBehavior(
                map.parsed("startDelay", fallback.startDelay, FakeBehavior::duration),
                Optional.ofNullable(map.optionalString("startFailure")).or(fallback::startFailure),
                map.parsed("crashAfter", fallback.crashAfter, text -> Optional.of(duration(text))),
                map.parsed("shutdownAfter", fallback.shutdownAfter, text -> Optional.of(duration(text))),
                map.bool("ignoresAcpi", fallback.ignoresAcpi),
                map.parsed("stopDelay", fallback.stopDelay, FakeBehavior::duration),
                map.bool("frozen", fallback.frozen));
        map.rejectUnknown();
        return behavior;
    }

    private static Duration duration(String text) {
        Matcher matcher = DURATION.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("give a whole number followed by ms, s or m, e.g. 250ms");
        }
        long number = Long.parseLong(matcher.group(1));
        return switch (matcher.group(2)) {
            case "ms" -> Duration.ofMillis(number);
            case "s" -> Duration.ofSeconds(number);
            default -> Duration.ofMinutes(number);
        };
    }
}
