package io.kelpie.agent.cloudinit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Writes cloud-init's NoCloud seeds: a read-only disk with the label {@code CIDATA} and the files {@code meta-data},
 * {@code user-data} and, if given, {@code network-config}. Stateless.
 */
public final class SeedImage {
    private static final String LABEL = "CIDATA";
    private static final String NO_USER_DATA = "#cloud-config\n";
    private static final JsonMapper JSON =
            JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

    private SeedImage() {}

    /**
     * Writes a seed; replaces {@code target} atomically. Only the owner may read it, since user data may hold secrets.
     *
     * @param instanceId cloud-init runs its once-per-instance steps again when this changes
     * @param hostname the guest's hostname
     * @param userData as it is; absent: an empty cloud-config
     * @param networkConfig as it is; absent: no such file
     * @throws IllegalArgumentException if the instance id or the hostname has control characters in it
     */
    public static void write(
            Path target, String instanceId, String hostname, Optional<String> userData, Optional<String> networkConfig)
            throws IOException {
        Map<String, byte[]> files = new HashMap<>();
        files.put("meta-data", utf8(metaData(instanceId, hostname)));
        files.put("user-data", utf8(userData.orElse(NO_USER_DATA)));
        networkConfig.ifPresent(text -> files.put("network-config", utf8(text)));
        ByteBuffer iso = ByteBuffer.wrap(IsoImage.of(LABEL, files));
        Path temporary = target.resolveSibling(target.getFileName() + ".new");
        Files.deleteIfExists(temporary);
        try (FileChannel channel = FileChannel.open(
                temporary,
                Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
            while (iso.hasRemaining()) {
                channel.write(iso);
            }
        }
        Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    }

    /** One key a line; the values are JSON strings, which YAML reads as they are, so that none can end its line. */
    private static String metaData(String instanceId, String hostname) {
        return "instance-id: " + quoted(instanceId) + "\nlocal-hostname: " + quoted(hostname) + "\n";
    }

    private static String quoted(String text) {
        if (text.codePoints().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException("control characters in meta-data");
        }
        try {
            return JSON.writeValueAsString(text);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("a text that cannot be written", e);
        }
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
