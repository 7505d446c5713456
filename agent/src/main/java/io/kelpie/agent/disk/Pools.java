package io.kelpie.agent.disk;

import io.kelpie.agent.spec.FieldRejectedException;
import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The host's pools, and the only way from a path in a job spec to a file. Immutable; safe to use from several threads.
 */
public final class Pools {
    /** The pool that every host has. */
    public static final String DEFAULT = "default";

    /** Folder in each pool that holds the VMs' disks and nothing that operators put there. */
    static final String OWN_FOLDER = "kelpie";

    private static final int MAX_PATH_CHARS = 4096;

    private final Map<String, PoolConfig> pools = new LinkedHashMap<>();

    /** @throws IllegalArgumentException if two pools share a name, a path is not absolute or there is no default pool */
    public Pools(List<PoolConfig> pools) {
        for (PoolConfig pool : pools) {
            if (!pool.path().isAbsolute()) {
                throw new IllegalArgumentException(
                        "pool " + pool.name() + ": path " + pool.path() + " is not absolute");
            }
            PoolConfig normal = new PoolConfig(pool.name(), pool.path().normalize(), pool.shared());
            if (this.pools.put(pool.name(), normal) != null) {
                throw new IllegalArgumentException("two pools are named " + pool.name());
            }
        }
        if (!this.pools.containsKey(DEFAULT)) {
            throw new IllegalArgumentException("there is no pool named " + DEFAULT);
        }
    }

    public Optional<PoolConfig> get(String name) {
        return Optional.ofNullable(pools.get(name));
    }

    /** All pools, in the order of the configuration. */
    public List<PoolConfig> all() {
        return List.copyOf(pools.values());
    }

    /** Their names, in the order of the configuration. */
    public List<String> names() {
        return List.copyOf(pools.keySet());
    }

    /** How full the pools are now. */
    public List<PoolUsage> usage() {
        List<PoolUsage> usage = new ArrayList<>(pools.size());
        for (PoolConfig pool : pools.values()) {
            long totalMib = 0;
            long freeMib = 0;
            try {
                FileStore store = Files.getFileStore(pool.path());
                totalMib = store.getTotalSpace() >> 20;
                freeMib = store.getUsableSpace() >> 20;
            } catch (IOException e) {
                // A pool that cannot be read has no room; this is what the zeros say.
                totalMib = 0;
            }
            usage.add(new PoolUsage(pool.name(), pool.path(), pool.shared(), totalMib, freeMib));
        }
        return usage;
    }

    /**
     * The real path of a regular, readable file inside a pool.
     *
     * @param pathText absolute, or relative to the pool {@code default}
     * @param field the path's own field in the job spec
     * @throws FieldRejectedException as {@link #open}
     */
    public Path resolve(String pathText, String field) throws FieldRejectedException, IOException {
        try (PoolFile file = open(pathText, field)) {
            return file.realPath();
        }
    }

    /**
     * Opens a regular file inside a pool for reading. The path may lead through symbolic links that stay inside the
     * pool. The file is then opened from the pool's folder downwards, following no link, so that one that is swapped in
     * after the check leads nowhere.
     *
     * @param pathText absolute, or relative to the pool {@code default}
     * @param field the path's own field in the job spec
     * @throws FieldRejectedException if the path is malformed, outside the pools, among the VMs' disks, or not a
     *     regular file that the agent may read
     * @throws IOException if the pool itself cannot be read
     */
    public PoolFile open(String pathText, String field) throws FieldRejectedException, IOException {
        Path path = parse(pathText, field);
        PoolConfig pool = path.isAbsolute() ? poolOf(path, field) : pools.get(DEFAULT);
        if (pool == null) {
            throw new AssertionError("the constructor saw a default pool");
        }
        Path root;
        try {
            root = pool.path().toRealPath();
        } catch (IOException e) {
            throw new IOException("pool " + pool.name() + ": folder " + pool.path() + " cannot be read", e);
        }
        Path real;
        try {
            real = pool.path().resolve(path).toRealPath();
        } catch (NoSuchFileException e) {
            throw new FieldRejectedException(
                    field,
                    "there is no file " + pathText + " in pool " + pool.name() + " on this host",
                    "put it at " + pool.path().resolve(path) + ", or correct the path");
        } catch (FileSystemException e) {
            throw unreadable(pathText, field, e);
        }
        if (!real.startsWith(root)) {
            throw new FieldRejectedException(
                    field,
                    pathText + " is a symbolic link, or leads through one, out of pool " + pool.name(),
                    "put the file itself below " + pool.path());
        }
        Path relative = root.relativize(real);
        if (relative.startsWith(OWN_FOLDER)) {
            throw new FieldRejectedException(
                    field,
                    pathText + " lies among the disks of VMs",
                    "copy the file to another folder of pool " + pool.name());
        }
        try {
            return openBelow(new Target(root, relative, pathText, field));
        } catch (FileSystemException e) {
            throw unreadable(pathText, field, e);
        }
    }

    private static Path parse(String pathText, String field) throws FieldRejectedException {
        if (pathText.isEmpty() || pathText.length() > MAX_PATH_CHARS) {
            throw new FieldRejectedException(
                    field,
                    "a path has 1 to " + MAX_PATH_CHARS + " characters, this one " + pathText.length(),
                    "give a path below a pool");
        }
        if (pathText.codePoints().anyMatch(Character::isISOControl)) {
            throw new FieldRejectedException(
                    field, "the path has a control character in it", "give a path without control characters");
        }
        Path path;
        try {
            path = Path.of(pathText);
        } catch (InvalidPathException e) {
            throw new FieldRejectedException(field, "this is not a path: " + e.getReason(), "give a path below a pool");
        }
        for (Path element : path) {
            if (element.toString().equals("..")) {
                throw new FieldRejectedException(
                        field, "the path " + pathText + " has '..' in it", "give the path without '..'");
            }
        }
        if (!path.isAbsolute() && path.getName(0).toString().indexOf(':') >= 0) {
            throw new FieldRejectedException(
                    field,
                    pathText + " looks like a protocol or a description, not like a path",
                    "give a path below a pool, or use url");
        }
        return path;
    }

    private PoolConfig poolOf(Path path, String field) throws FieldRejectedException {
        return pools.values().stream()
                .filter(pool -> path.startsWith(pool.path()))
                .max(Comparator.comparingInt(pool -> pool.path().getNameCount()))
                .orElseThrow(() -> new FieldRejectedException(
                        field,
                        path + " is outside this host's pools",
                        "put the file below a pool: "
                                + pools.values().stream()
                                        .map(pool -> pool.name() + " is " + pool.path())
                                        .collect(Collectors.joining(", "))));
    }

    /** A checked file: {@code relative} to the real folder {@code root} of its pool, by no symbolic link. */
    private record Target(Path root, Path relative, String pathText, String field) {
        Path real() {
            return root.resolve(relative);
        }
    }

    private static PoolFile openBelow(Target target) throws FieldRejectedException, IOException {
        try (DirectoryStream<Path> top = Files.newDirectoryStream(target.root())) {
            if (top instanceof SecureDirectoryStream<Path> secure) {
                return openBelow(secure, 0, target);
            }
            throw new IOException("this platform cannot open files relative to a folder");
        }
    }

    private static PoolFile openBelow(SecureDirectoryStream<Path> folder, int depth, Target target)
            throws FieldRejectedException, IOException {
        Path name = target.relative().getName(depth);
        if (depth == target.relative().getNameCount() - 1) {
            return openFile(folder, name, target);
        }
        try (SecureDirectoryStream<Path> next = folder.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS)) {
            return openBelow(next, depth + 1, target);
        }
    }

    private static PoolFile openFile(SecureDirectoryStream<Path> folder, Path name, Target target)
            throws FieldRejectedException, IOException {
        BasicFileAttributes before = attributes(folder, name);
        if (!before.isRegularFile()) {
            // Checked before it is opened: opening a FIFO would wait for a writer.
            throw new FieldRejectedException(
                    target.field(), target.pathText() + " is not a regular file", "give the path of an image file");
        }
        FileVersion version = FileVersion.of(target.real());
        SeekableByteChannel channel =
                folder.newByteChannel(name, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
        boolean same = false;
        try {
            same = before.fileKey().equals(attributes(folder, name).fileKey());
        } finally {
            if (!same) {
                channel.close();
            }
        }
        if (!same) {
            throw new FieldRejectedException(
                    target.field(),
                    target.pathText() + " was replaced while it was opened",
                    "try again when nothing writes to it");
        }
        return new PoolFile(target.real(), version, channel);
    }

    private static BasicFileAttributes attributes(SecureDirectoryStream<Path> folder, Path name) throws IOException {
        return folder.getFileAttributeView(name, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                .readAttributes();
    }

    private static FieldRejectedException unreadable(String pathText, String field, FileSystemException e) {
        if (e instanceof AccessDeniedException) {
            return new FieldRejectedException(
                    field, "the agent may not read " + pathText, "let the agent's user read the file and its folders");
        }
        String reason = e.getReason() == null ? e.getClass().getSimpleName() : e.getReason();
        return new FieldRejectedException(
                field, pathText + " cannot be opened: " + reason, "give the path of a readable image file");
    }
}
