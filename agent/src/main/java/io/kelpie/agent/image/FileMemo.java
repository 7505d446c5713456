package io.kelpie.agent.image;

import io.kelpie.agent.disk.FileVersion;
import io.kelpie.agent.disk.PoolFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HexFormat;
import java.util.Optional;

/**
 * Remembers, on disk, the digests of files of the pools, so that an unchanged one is not read again. Callers hold the
 * lock of the file.
 */
final class FileMemo {
    private final Path folder;

    FileMemo(Path folder) {
        this.folder = folder;
    }

    /** The digest of the file, if it was remembered and the file is still the same. */
    Optional<String> digest(PoolFile file) throws IOException {
        try {
            String[] lines = Files.readString(entry(file)).split("\n", -1);
            return lines.length == 2 && lines[0].equals(key(file.version())) && Sha256.isDigest(lines[1])
                    ? Optional.of(lines[1])
                    : Optional.empty();
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    void remember(PoolFile file, String digest) throws IOException {
        Path entry = entry(file);
        Path temporary = entry.resolveSibling(entry.getFileName() + ".new");
        Files.writeString(temporary, key(file.version()) + "\n" + digest);
        Files.move(temporary, entry, StandardCopyOption.ATOMIC_MOVE);
    }

    private Path entry(PoolFile file) {
        byte[] path = file.realPath().toString().getBytes(StandardCharsets.UTF_8);
        return folder.resolve(HexFormat.of().formatHex(Sha256.newDigest().digest(path)));
    }

    private static String key(FileVersion version) {
        return "1 " + version.device() + " " + version.inode() + " " + version.sizeBytes() + " "
                + version.modifiedNanos() + " " + version.changedNanos();
    }
}
