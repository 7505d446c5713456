package io.kelpie.cli.spec;

import io.kelpie.cli.CliException;
import io.kelpie.cli.ExitCode;
import io.kelpie.common.yaml.QuotedText;
import io.kelpie.common.yaml.YamlException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The job files that a command names. All are read and checked before anything is sent. */
public final class JobFiles {
    private static final String STANDARD_INPUT = "-";

    private final @Nullable String namespaceOption;
    private final String defaultNamespace;
    private final InputStream standardInput;

    /** @param namespaceOption the namespace that the command line names; null if none */
    public JobFiles(@Nullable String namespaceOption, String defaultNamespace, InputStream standardInput) {
        this.namespaceOption = namespaceOption;
        this.defaultNamespace = defaultNamespace;
        this.standardInput = standardInput;
    }

    /** The jobs of all files in their order. Throws {@link CliException} if any of them is wrong. */
    public List<ParsedJob> read(List<String> names) {
        List<ParsedJob> jobs = new ArrayList<>();
        for (String name : names) {
            boolean fromInput = name.equals(STANDARD_INPUT);
            Path folder = fromInput ? null : Path.of(name).toAbsolutePath().getParent();
            JobSpecParser parser = new JobSpecParser(
                    namespaceOption,
                    defaultNamespace,
                    (path, maxBytes) -> readAtMost(folder == null ? Path.of(path) : folder.resolve(path), maxBytes));
            try {
                jobs.addAll(parser.parse(fromInput ? "stdin" : name, text(name, fromInput)));
            } catch (YamlException e) {
                throw new CliException(ExitCode.USAGE, e.problem(), e.fix());
            }
        }
        return jobs;
    }

    private String text(String name, boolean fromInput) {
        byte[] bytes;
        try {
            bytes = fromInput
                    ? standardInput.readNBytes(SpecLimits.MAX_FILE_BYTES + 1)
                    : readAtMost(Path.of(name), SpecLimits.MAX_FILE_BYTES);
        } catch (NoSuchFileException e) {
            throw CliException.usage("-f: there is no file " + QuotedText.of(name), "correct the path");
        } catch (IOException e) {
            throw CliException.usage(
                    "-f: " + QuotedText.of(name) + " cannot be read: " + e.getMessage(), "name a readable file");
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw CliException.usage("-f: " + QuotedText.of(name) + " is not UTF-8 text", "name a YAML file");
        }
    }

    private static byte[] readAtMost(Path file, int maxBytes) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return in.readNBytes(maxBytes + 1);
        }
    }
}
