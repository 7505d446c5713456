package io.kelpie.agent.fencing;

import io.kelpie.proto.v1.ControllerMember;
import io.kelpie.proto.v1.ControllerSet;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The set of controllers with the highest version that this host has seen. It never goes back to a lower one, whatever a
 * controller says.
 *
 * <pre>
 * kelpie-controllers 1
 * version 3
 * member c1 may-lead 10.0.0.1:7800
 * member c2 waits 10.0.0.2:7800
 * crc32 0a1b2c3d                of all bytes before this line
 * </pre>
 *
 * A file that is lost costs no safety: members of an older set answer with the newer version, and so never unanimously
 * for the older one. So a damaged file counts as none.
 *
 * <p>Thread-safe. {@link #save} blocks on the disk.
 */
public final class ControllerSets {
    private static final Logger LOG = LoggerFactory.getLogger(ControllerSets.class);

    private static final String HEAD = "kelpie-controllers 1";
    private static final String VERSION = "version ";
    private static final String MEMBER = "member";
    private static final String MAY_LEAD = "may-lead";
    private static final String WAITS = "waits";
    private static final int MEMBER_WORDS = 4;

    private final SmallFile file;
    private final Object saving = new Object();
    private volatile ControllerSet highest;

    private ControllerSets(SmallFile file, ControllerSet highest) {
        this.file = file;
        this.highest = highest;
    }

    /** Reads the file; without one, no set was ever seen. */
    public static ControllerSets open(SmallFile file) throws IOException {
        Optional<String> text = file.read();
        Optional<ControllerSet> set = text.flatMap(ControllerSets::decode);
        if (text.isPresent() && set.isEmpty()) {
            LOG.warn("{} is damaged and counts as none; the next leader tells the set anew", file.path());
        }
        return new ControllerSets(file, set.orElse(ControllerSet.getDefaultInstance()));
    }

    /** {@link #open(SmallFile)} of a file on disk. */
    public static ControllerSets open(Path file) throws IOException {
        return open(SmallFile.durable(file));
    }

    /** The set with the highest version seen; version 0 and no members if none was. Does not block. */
    public ControllerSet highest() {
        return highest;
    }

    /**
     * A controller has named a set. Does not block.
     *
     * @return whether it is higher than any before, so that it is to be saved
     */
    public synchronized boolean see(ControllerSet set) {
        if (set.getVersion() <= highest.getVersion()) {
            if (set.getVersion() == highest.getVersion()
                    && set.getVersion() > 0
                    && !addresses(set).equals(addresses(highest))) {
                LOG.error(
                        "two controller sets have version {}: {} and {}; the first one counts",
                        set.getVersion(),
                        addresses(highest),
                        addresses(set));
            }
            return false;
        }
        highest = set;
        return true;
    }

    /** Writes the highest set. */
    public void save() throws IOException {
        synchronized (saving) {
            file.write(encode(highest));
        }
    }

    private static List<String> addresses(ControllerSet set) {
        return set.getMembersList().stream()
                .map(member -> member.getControllerId() + "=" + member.getAddress())
                .sorted()
                .toList();
    }

    static String encode(ControllerSet set) {
        StringBuilder text = new StringBuilder(HEAD + "\n" + VERSION + set.getVersion() + "\n");
        for (ControllerMember member : set.getMembersList()) {
            text.append(String.join(
                            " ",
                            MEMBER,
                            member.getControllerId(),
                            member.getMayLead() ? MAY_LEAD : WAITS,
                            member.getAddress()))
                    .append('\n');
        }
        return Checksum.append(text.toString());
    }

    /** What {@link #encode} wrote; anything else is empty. */
    static Optional<ControllerSet> decode(String text) {
        List<String> lines =
                Checksum.strip(text).map(body -> body.lines().toList()).orElse(List.of());
        if (lines.size() < 2 || !lines.get(0).equals(HEAD) || !lines.get(1).startsWith(VERSION)) {
            return Optional.empty();
        }
        ControllerSet.Builder set = ControllerSet.newBuilder();
        try {
            set.setVersion(Long.parseLong(lines.get(1).substring(VERSION.length())));
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
        for (String line : lines.subList(2, lines.size())) {
            List<String> words = List.of(line.split(" ", MEMBER_WORDS));
            if (words.size() != MEMBER_WORDS || !words.get(0).equals(MEMBER)) {
                return Optional.empty();
            }
            set.addMembers(ControllerMember.newBuilder()
                    .setControllerId(words.get(1))
                    .setMayLead(words.get(2).equals(MAY_LEAD))
                    .setAddress(words.get(3)));
        }
        return Optional.of(set.build());
    }
}
