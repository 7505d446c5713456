package io.kelpie.cli.spec;

import io.kelpie.common.yaml.QuotedText;
import io.kelpie.common.yaml.YamlMap;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;

/** Reads a text that stands in the job file ({@code inline}, or as a plain value) or in a file of its own. */
final class CloudInitText {
    private final ReferredFiles files;

    CloudInitText(ReferredFiles files) {
        this.files = files;
    }

    /** The text; empty if the key is absent. */
    String read(YamlMap cloudInit, String key) {
        if (!cloudInit.has(key)) {
            return "";
        }
        if (!cloudInit.isMap(key)) {
            String plain = cloudInit.requiredString(key);
            checkSize(cloudInit, key, plain.getBytes(StandardCharsets.UTF_8).length);
            if (plain.indexOf('\n') < 0) {
                throw cloudInit.invalid(
                        key,
                        QuotedText.of(plain) + " could be a path or a text",
                        "write {file: PATH}, or {inline: TEXT}, or a text of several lines after '|'");
            }
            return plain;
        }
        YamlMap map = cloudInit.requiredMap(key);
        String file = map.optionalString("file");
        String inline = map.optionalString("inline");
        map.rejectUnknown();
        if (file != null && inline != null) {
            throw map.invalid("inline", "there is a file already", "keep one of file and inline");
        }
        if (file != null) {
            return readFile(map, file);
        }
        if (inline == null) {
            throw map.invalid("file", "no text is given", "give file: PATH or inline: TEXT");
        }
        checkSize(map, "inline", inline.getBytes(StandardCharsets.UTF_8).length);
        return inline;
    }

    private String readFile(YamlMap map, String file) {
        byte[] bytes;
        try {
            bytes = files.read(file, SpecLimits.MAX_CLOUD_INIT_BYTES);
        } catch (NoSuchFileException e) {
            throw map.invalid(
                    "file",
                    "there is no file " + QuotedText.of(file),
                    "write it, or correct the path (relative to the job file)");
        } catch (IOException e) {
            throw map.invalid("file", QuotedText.of(file) + " cannot be read: " + e, "make it a readable file");
        }
        checkSize(map, "file", bytes.length);
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw map.invalid("file", QuotedText.of(file) + " is not UTF-8 text", "give plain text, not compressed");
        }
    }

    private static void checkSize(YamlMap map, String key, int bytes) {
        if (bytes > SpecLimits.MAX_CLOUD_INIT_BYTES) {
            throw map.invalid(
                    key,
                    "is larger than " + SpecLimits.MAX_CLOUD_INIT_BYTES / 1024 + " KiB",
                    "shorten it, or let it fetch the rest");
        }
    }
}
