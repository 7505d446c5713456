package io.kelpie.agent.instance;

import io.kelpie.agent.driver.InstanceId;
import io.kelpie.agent.fencing.DurableFile;
import io.kelpie.agent.instance.LedgerFormat.DamagedException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The ledger as files.
 *
 * <pre>
 * instances/VM-UUID/INCARNATION/entry    a {@link LedgerEntry}, see {@link LedgerFormat}
 * instances/VM-UUID/highest              no incarnation of the VM up to this number is started (again)
 * instances/VM-UUID/serial.log           what its guests printed
 * </pre>
 *
 * An entry is replaced as a whole and is on disk when {@link #write} returns. A damaged one is never thrown away: it is
 * renamed to {@code entry.damaged-N}, and its instance counts as one that may be running.
 *
 * <p>Methods block on the disk. They are safe to call from several threads, for one instance from one at a time.
 */
public final class FileLedger implements Ledger {
    private static final Logger LOG = LoggerFactory.getLogger(FileLedger.class);

    private static final String ENTRY = "entry";
    private static final String HIGHEST = "highest";

    private final InstanceFolders folders;
    private final Object highestLock = new Object();

    public FileLedger(InstanceFolders folders) {
        this.folders = folders;
    }

    @Override
    public Contents load() throws IOException {
        DurableFile.createFolders(folders.instances());
        Contents contents = new Contents(new ArrayList<>(), new ArrayList<>(), new HashMap<>());
        for (Path vmFolder : children(folders.instances())) {
            Optional<UUID> vmId = uuid(String.valueOf(vmFolder.getFileName()));
            if (vmId.isEmpty() || !Files.isDirectory(vmFolder)) {
                LOG.warn("ignoring {}: not the folder of a VM", vmFolder);
                continue;
            }
            readHighest(vmId.get()).ifPresent(highest -> contents.highest().put(vmId.get(), highest));
            for (Path folder : children(vmFolder)) {
                Optional<Long> incarnation =
                        positive(String.valueOf(folder.getFileName())).filter(n -> Files.isDirectory(folder));
                if (incarnation.isPresent()) {
                    loadInstance(new InstanceId(vmId.get(), incarnation.get()), contents);
                }
            }
        }
        return contents;
    }

    @Override
    public void write(LedgerEntry entry) throws IOException {
        Path folder = folders.instance(entry.id());
        DurableFile.createFolders(folder);
        DurableFile.write(folder.resolve(ENTRY), LedgerFormat.encode(entry));
    }

    @Override
    public void refuseUpTo(UUID vmId, long incarnation) throws IOException {
        synchronized (highestLock) {
            if (readHighest(vmId).orElse(0L) < incarnation) {
                DurableFile.createFolders(folders.vm(vmId));
                DurableFile.write(folders.vm(vmId).resolve(HIGHEST), incarnation + "\n");
            }
        }
    }

    /** The entry goes last: a folder without one would count as that of an instance that may be running. */
    @Override
    public void removeInstance(InstanceId id) throws IOException {
        Path folder = folders.instance(id);
        if (Files.isDirectory(folder)) {
            for (Path child : children(folder)) {
                if (!String.valueOf(child.getFileName()).equals(ENTRY)) {
                    deleteTree(child);
                }
            }
            Files.deleteIfExists(folder.resolve(ENTRY));
            deleteTree(folder);
            DurableFile.syncFolder(folders.vm(id.vmId()));
        }
        deleteTree(folders.run(id));
    }

    @Override
    public void removeLog(UUID vmId) throws IOException {
        Files.deleteIfExists(folders.serialLog(vmId));
        deleteIfEmpty(folders.vm(vmId));
    }

    @Override
    public Map<UUID, Long> prune(long nowMillis, Retention retention) throws IOException {
        synchronized (highestLock) {
            List<Tombstone> tombstones = new ArrayList<>();
            for (Path vmFolder : children(folders.instances())) {
                Optional<UUID> vmId = uuid(String.valueOf(vmFolder.getFileName()));
                if (vmId.isPresent() && Files.isDirectory(vmFolder) && isOnlyHighest(vmFolder)) {
                    long writtenAtMillis =
                            Files.getLastModifiedTime(vmFolder.resolve(HIGHEST)).toMillis();
                    tombstones.add(new Tombstone(vmId.get(), writtenAtMillis));
                }
            }
            tombstones.sort(Comparator.comparingLong(Tombstone::writtenAtMillis).reversed());
            Map<UUID, Long> pruned = new HashMap<>();
            for (int i = 0; i < tombstones.size(); i++) {
                Tombstone tombstone = tombstones.get(i);
                long ageMillis = nowMillis - tombstone.writtenAtMillis();
                boolean tooOld = ageMillis > retention.ageMax().toMillis();
                boolean tooMany = i >= retention.countMax();
                if ((tooOld || tooMany) && ageMillis > retention.ageMin().toMillis()) {
                    pruned.put(tombstone.vmId(), readHighest(tombstone.vmId()).orElse(0L));
                    Files.deleteIfExists(folders.vm(tombstone.vmId()).resolve(HIGHEST));
                    deleteIfEmpty(folders.vm(tombstone.vmId()));
                }
            }
            return pruned;
        }
    }

    private record Tombstone(UUID vmId, long writtenAtMillis) {}

    private void loadInstance(InstanceId id, Contents contents) throws IOException {
        Path folder = folders.instance(id);
        Path file = folder.resolve(ENTRY);
        try {
            LedgerEntry entry = LedgerFormat.decode(Files.readString(file));
            if (!entry.id().equals(id)) {
                throw new DamagedException("it is the entry of " + entry.id(), null);
            }
            contents.entries().add(entry);
        } catch (NoSuchFileException e) {
            loadWithoutEntry(id, contents);
        } catch (DamagedException | CharacterCodingException e) {
            Path aside = aside(folder);
            Files.move(file, aside, StandardCopyOption.ATOMIC_MOVE);
            DurableFile.syncFolder(folder);
            contents.damaged().add(new Damaged(id, e.getMessage() + "; kept as " + aside));
        }
    }

    /**
     * A folder without an entry is that of a start whose entry was never whole, so of an instance that never had a
     * process; unless something else lies in it.
     */
    private void loadWithoutEntry(InstanceId id, Contents contents) throws IOException {
        List<Path> remains = new ArrayList<>(children(folders.instance(id)));
        remains.removeIf(path -> String.valueOf(path.getFileName()).equals(ENTRY + ".tmp"));
        if (remains.isEmpty()) {
            deleteTree(folders.instance(id));
        } else {
            contents.damaged().add(new Damaged(id, "there is none, but its folder holds other files"));
        }
    }

    /** A number that cannot be read stands for the highest there is: better no start than a second one. */
    private Optional<Long> readHighest(UUID vmId) throws IOException {
        Path file = folders.vm(vmId).resolve(HIGHEST);
        String text;
        try {
            text = Files.readString(file);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (CharacterCodingException e) {
            text = "";
        }
        Optional<Long> number = positive(text.strip());
        if (number.isEmpty() || !text.endsWith("\n")) {
            LOG.error(
                    "{} is damaged: no instance of VM {} is started here until it is gone. Fix: make sure that the VM runs "
                            + "nowhere and remove the file",
                    file,
                    vmId);
            return Optional.of(Long.MAX_VALUE);
        }
        return number;
    }

    private static boolean isOnlyHighest(Path vmFolder) throws IOException {
        List<Path> children = children(vmFolder);
        return children.size() == 1
                && String.valueOf(children.get(0).getFileName()).equals(HIGHEST);
    }

    private static Path aside(Path folder) {
        for (int n = 1; ; n++) {
            Path aside = folder.resolve(ENTRY + ".damaged-" + n);
            if (!Files.exists(aside)) {
                return aside;
            }
        }
    }

    private static List<Path> children(Path folder) throws IOException {
        try (Stream<Path> children = Files.list(folder)) {
            return children.sorted().toList();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /** A folder in which a start has just put something stays. */
    private static void deleteIfEmpty(Path folder) throws IOException {
        try {
            Files.deleteIfExists(folder);
        } catch (DirectoryNotEmptyException e) {
            LOG.debug("{} is in use again", folder);
        }
    }

    /** Never follows a symbolic link. */
    private static void deleteTree(Path path) throws IOException {
        if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
            for (Path child : children(path)) {
                deleteTree(child);
            }
        }
        Files.deleteIfExists(path);
    }

    private static Optional<UUID> uuid(String name) {
        try {
            UUID uuid = UUID.fromString(name);
            return uuid.toString().equals(name) ? Optional.of(uuid) : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static Optional<Long> positive(String text) {
        try {
            long number = Long.parseLong(text);
            return number > 0 && Long.toString(number).equals(text) ? Optional.of(number) : Optional.empty();
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }
}
