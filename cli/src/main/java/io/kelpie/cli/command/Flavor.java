package io.kelpie.cli.command;

import io.kelpie.common.units.ByteSizes;
import io.kelpie.common.yaml.QuotedText;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * The size of a VM.
 *
 * @param vcpus virtual CPUs
 * @param memoryMib guest memory, in MiB
 */
record Flavor(int vcpus, long memoryMib) {
    /** Stands for none before the command line is read. */
    static final Flavor NONE = new Flavor(0, 0);

    private static final Pattern FLAVOR = Pattern.compile("([1-9][0-9]{0,4})x(.+)");

    @Override
    public String toString() {
        return vcpus + "x" + ByteSizes.formatMib(memoryMib);
    }

    /** Reads {@code 4x8Gi}. */
    static final class Converter implements ITypeConverter<Flavor> {
        @Override
        public Flavor convert(String value) {
            Matcher matcher = FLAVOR.matcher(value);
            OptionalLong memoryMib = matcher.matches() ? ByteSizes.parseMib(matcher.group(2)) : OptionalLong.empty();
            if (memoryMib.isEmpty()) {
                throw new TypeConversionException(
                        QuotedText.of(value) + " is not a size of VMs; give vCPUs, x and the memory, e.g. 4x8Gi");
            }
            return new Flavor(Integer.parseInt(matcher.group(1)), memoryMib.getAsLong());
        }
    }
}
