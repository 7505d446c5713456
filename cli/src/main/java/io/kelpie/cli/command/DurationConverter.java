package io.kelpie.cli.command;

import io.kelpie.common.units.Durations;
import java.time.Duration;
import java.util.OptionalLong;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads a duration of 1 second to 7 days. */
final class DurationConverter implements ITypeConverter<Duration> {
    private static final long MAX_SECONDS = 7 * 24 * 3600;

    @Override
    public Duration convert(String value) {
        OptionalLong seconds = Durations.parseSeconds(value);
        if (seconds.isEmpty()) {
            throw new TypeConversionException("'" + value + "' is not a duration; give " + Durations.RULE);
        }
        if (seconds.getAsLong() < 1 || seconds.getAsLong() > MAX_SECONDS) {
            throw new TypeConversionException("'" + value + "' is out of range; give 1s to 168h");
        }
        return Duration.ofSeconds(seconds.getAsLong());
    }
}
