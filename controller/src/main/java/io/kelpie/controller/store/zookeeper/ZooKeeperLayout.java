package io.kelpie.controller.store.zookeeper;

import io.kelpie.controller.leadership.LeaderTerm;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.store.RecordKey;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.zip.CRC32;

/**
 * Where everything lies in ZooKeeper.
 *
 * <pre>
 * /cluster                           the cluster's UUID
 * /term                              the last term that began, as a TermRecord
 * /term/&lt;epoch&gt;-&lt;nonce&gt;-&lt;generation&gt;  the fence of that term; exactly one
 * /controllers                       the committed set of controllers
 * /controllers/&lt;id&gt;                  the version of the set that this controller has read
 * /controllers/&lt;id&gt;.seat             which data folder is this controller
 * /config                            what operators set for the whole cluster
 * /restore                           only while a backup is being put into the store
 * /election/…                        who stands for election
 * /hosts/&lt;id&gt;  /capabilities/&lt;id&gt;
 * /jobs/&lt;namespace&gt;/&lt;00..ff&gt;/&lt;name&gt;
 * /vms/&lt;00..ff&gt;/&lt;vm-id&gt;  /requests/&lt;00..ff&gt;/&lt;uuid&gt;
 * </pre>
 *
 * What is many is spread over 256 folders by a hash of its name, so that no folder lists more than about 10,000: the
 * answer to a listing has a limit of 1 MiB, and above it ZooKeeper cuts the connection.
 *
 * <p>All paths lie under a root, empty or like {@code /kelpie}, so that clusters can share an ensemble.
 */
public final class ZooKeeperLayout {
    private static final Pattern ROOT = Pattern.compile("(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*");
    private static final Pattern UUID_TEXT =
            Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
    private static final int MAX_ROOT = 64;
    private static final String SEAT = ".seat";

    /** The folders of records: how deep below its folder a record lies, and how its path tells its key. */
    enum Folder {
        HOSTS("/hosts", 1),
        CAPABILITIES("/capabilities", 1),
        JOBS("/jobs", 3),
        VMS("/vms", 2),
        REQUESTS("/requests", 2);

        private final String path;
        private final int depth;

        Folder(String path, int depth) {
            this.path = path;
            this.depth = depth;
        }

        int depth() {
            return depth;
        }
    }

    private final String root;

    public ZooKeeperLayout(String root) {
        if (!ROOT.matcher(root).matches() || root.length() > MAX_ROOT) {
            throw new IllegalArgumentException("not a path for a cluster in ZooKeeper: " + root);
        }
        this.root = root;
    }

    /** What all paths begin with; empty if they lie at the top. */
    public String root() {
        return root;
    }

    public String cluster() {
        return root + "/cluster";
    }

    public String term() {
        return root + "/term";
    }

    /** The committed set of controllers. */
    public String controllers() {
        return root + "/controllers";
    }

    /** The version of the set that a controller has read. */
    String acknowledgement(String controllerId) {
        return controllers() + "/" + controllerId;
    }

    /** Who a controller is. No id of a controller has a dot. */
    public String seat(String controllerId) {
        return controllers() + "/" + controllerId + SEAT;
    }

    /** The controller whose seat a child of the set of controllers is; empty: it is no seat. */
    Optional<String> seated(String child) {
        return child.endsWith(SEAT)
                ? Optional.of(child.substring(0, child.length() - SEAT.length()))
                : Optional.empty();
    }

    /** There only while a backup is being put into the store. */
    public String restore() {
        return root + "/restore";
    }

    public String election() {
        return root + "/election";
    }

    public String fence(LeaderTerm term, int generation) {
        return fence(term.fence(), generation);
    }

    /** Path of a generation of a fence, by the fence's name. */
    public String fence(String fence, int generation) {
        return term() + "/" + fence + "-" + generation;
    }

    String folder(Folder folder) {
        return root + folder.path;
    }

    /** Path of a record with a storable name. */
    public String record(RecordKey key) {
        if (key instanceof RecordKey.ClusterKey) {
            return cluster();
        }
        if (key instanceof RecordKey.ControllerSetKey) {
            return controllers();
        }
        if (key instanceof RecordKey.ConfigKey) {
            return root + "/config";
        }
        if (key instanceof RecordKey.HostKey host) {
            return folder(Folder.HOSTS) + "/" + host.hostId();
        }
        if (key instanceof RecordKey.CapabilitiesKey capabilities) {
            return folder(Folder.CAPABILITIES) + "/" + capabilities.hostId();
        }
        if (key instanceof RecordKey.JobRecordKey job) {
            return folder(Folder.JOBS) + "/" + job.job().namespace()
                    + sharded(job.job().name());
        }
        if (key instanceof RecordKey.VmKey vm) {
            return folder(Folder.VMS) + sharded(vm.vmId().toString());
        }
        if (key instanceof RecordKey.RequestKey request) {
            return folder(Folder.REQUESTS) + sharded(request.requestId().toString());
        }
        throw new IllegalArgumentException("unknown kind of record: " + key);
    }

    /** The folders that must exist before the record can be made, outermost first; the root is taken to exist. */
    public List<String> foldersOf(RecordKey key) {
        String path = record(key);
        List<String> folders = new ArrayList<>(3);
        for (int slash = path.indexOf('/', root.length() + 1); slash >= 0; slash = path.indexOf('/', slash + 1)) {
            folders.add(path.substring(0, slash));
        }
        return folders;
    }

    /** The key of the record at a path below a folder; empty for what is not a record of ours. */
    Optional<RecordKey> key(Folder folder, String path) {
        String[] names = path.substring(folder(folder).length() + 1).split("/");
        String last = names[names.length - 1];
        RecordKey key = switch (folder) {
            case HOSTS -> new RecordKey.HostKey(last);
            case CAPABILITIES -> new RecordKey.CapabilitiesKey(last);
            case JOBS -> new RecordKey.JobRecordKey(new JobKey(names[0], last));
            case VMS -> UUID_TEXT.matcher(last).matches() ? new RecordKey.VmKey(UUID.fromString(last)) : null;
            case REQUESTS -> UUID_TEXT.matcher(last).matches() ? new RecordKey.RequestKey(UUID.fromString(last)) : null;
        };
        return Optional.ofNullable(key).filter(found -> record(found).equals(path));
    }

    private static String sharded(String name) {
        CRC32 hash = new CRC32();
        hash.update(name.getBytes(StandardCharsets.UTF_8));
        int folder = (int) hash.getValue() & 0xff;
        // Not by a format: a new leader makes a hundred thousand of these.
        return "/" + Character.forDigit(folder >>> 4, 16) + Character.forDigit(folder & 0xf, 16) + "/" + name;
    }
}
