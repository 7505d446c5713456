package io.kelpie.controller.backup;

import io.kelpie.common.id.Uuids;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.store.RecordKey;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.zip.CRC32;

/**
 * The form of a backup, one file:
 *
 * <pre>
 * kelpie-backup 1
 * cluster &lt;uuid&gt;
 * epoch &lt;number&gt;
 * made-at &lt;milliseconds since 1970&gt;
 * crc32 &lt;8 hexadecimal digits of all bytes before this line&gt;
 * </pre>
 *
 * then each record as
 *
 * <pre>
 * 4 bytes  length of the body, big-endian, at least 1
 * 4 bytes  CRC-32 of the body
 * body     2 bytes length of the name, the name in ASCII, the value: the stored protobuf
 * </pre>
 *
 * then four zero bytes, and as the last line
 *
 * <pre>
 * end &lt;count of records&gt; sha256 &lt;64 hexadecimal digits of all bytes before this line&gt;
 * </pre>
 *
 * Names are {@code cluster}, {@code controllers}, {@code config}, {@code hosts/<id>}, {@code capabilities/<id>}, {@code
 * jobs/<namespace>/<name>}, {@code vms/<uuid>} and {@code requests/<uuid>}.
 */
final class BackupFormat {
    static final String MAGIC = "kelpie-backup 1\n";

    /** The longest header that is read; one that is written is shorter. */
    static final int MAX_HEADER = 256;

    /** The longest name. */
    static final int MAX_NAME = 512;

    /** The longest value: what the store takes in one batch. */
    static final int MAX_VALUE = 512 * 1024;

    private BackupFormat() {}

    static String name(RecordKey key) {
        if (key instanceof RecordKey.ClusterKey) {
            return "cluster";
        }
        if (key instanceof RecordKey.ControllerSetKey) {
            return "controllers";
        }
        if (key instanceof RecordKey.ConfigKey) {
            return "config";
        }
        if (key instanceof RecordKey.HostKey host) {
            return "hosts/" + host.hostId();
        }
        if (key instanceof RecordKey.CapabilitiesKey capabilities) {
            return "capabilities/" + capabilities.hostId();
        }
        if (key instanceof RecordKey.JobRecordKey job) {
            return "jobs/" + job.job().namespace() + "/" + job.job().name();
        }
        if (key instanceof RecordKey.VmKey vm) {
            return "vms/" + vm.vmId();
        }
        if (key instanceof RecordKey.RequestKey request) {
            return "requests/" + request.requestId();
        }
        throw new IllegalArgumentException("unknown kind of record: " + key);
    }

    /** The key of a name; empty if it is no record's. */
    static Optional<RecordKey> key(String name) {
        String[] parts = name.split("/", -1);
        Optional<RecordKey> key = switch (parts[0]) {
            case "cluster" -> Optional.of(new RecordKey.ClusterKey());
            case "controllers" -> Optional.of(new RecordKey.ControllerSetKey());
            case "config" -> Optional.of(new RecordKey.ConfigKey());
            case "hosts" -> part(parts, 2).map(RecordKey.HostKey::new);
            case "capabilities" -> part(parts, 2).map(RecordKey.CapabilitiesKey::new);
            case "jobs" -> part(parts, 3).map(last -> new RecordKey.JobRecordKey(new JobKey(parts[1], last)));
            case "vms" -> uuid(parts).map(RecordKey.VmKey::new);
            case "requests" -> uuid(parts).map(RecordKey.RequestKey::new);
            default -> Optional.empty();
        };
        return key.filter(found -> found.isStorable() && name(found).equals(name));
    }

    private static Optional<String> part(String[] parts, int count) {
        return parts.length == count ? Optional.of(parts[count - 1]) : Optional.empty();
    }

    private static Optional<UUID> uuid(String[] parts) {
        return part(parts, 2).flatMap(Uuids::parse);
    }

    static String crc32(byte[] bytes) {
        return String.format(Locale.ROOT, "%08x", crc(bytes));
    }

    static int crc(byte[] bytes) {
        CRC32 crc = new CRC32();
        crc.update(bytes);
        return (int) crc.getValue();
    }
}
