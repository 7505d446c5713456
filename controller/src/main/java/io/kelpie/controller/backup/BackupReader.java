package io.kelpie.controller.backup;

import com.google.protobuf.ByteString;
import io.kelpie.controller.store.RecordKey;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads a backup from its beginning to its end, and checks its form: lengths, checksums, names, the count and the digest.
 * What the records say is {@link BackupCheck}'s to judge. Not thread-safe; does not close the stream.
 */
public final class BackupReader {
    private static final Pattern HEADER = Pattern.compile(
            "(kelpie-backup 1\ncluster ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\nepoch ([0-9]{1,18})\n"
                    + "made-at ([0-9]{1,18})\n)crc32 ([0-9a-f]{8})\n");
    private static final Pattern END = Pattern.compile("end ([0-9]{1,18}) sha256 ([0-9a-f]{64})");
    private static final int HEADER_LINES = 5;
    private static final int MAX_END = 128;

    private final InputStream in;
    private final MessageDigest digest = BackupWriter.sha256();
    private final BackupHeader header;
    private long offset;
    private long recordOffset;
    private long count;
    private byte[] wholeDigest = {};

    /** Reads the header. */
    public BackupReader(InputStream in) throws IOException, DamagedBackupException {
        this.in = in;
        this.header = readHeader();
    }

    public BackupHeader header() {
        return header;
    }

    /** Offset of the record that {@link #next} gave last. */
    public long recordOffset() {
        return recordOffset;
    }

    /** SHA-256 of all before the last line; once {@link #next} has come to the end. */
    public byte[] digest() {
        return wholeDigest.clone();
    }

    /** Records read so far. */
    public long count() {
        return count;
    }

    /** The next record; empty at the end, which is checked too. */
    public Optional<BackupRecord> next() throws IOException, DamagedBackupException {
        recordOffset = offset;
        int length = ByteBuffer.wrap(exactly(4, "the length of a record")).getInt();
        if (length == 0) {
            readEnd();
            return Optional.empty();
        }
        if (length < 2 || length > 2 + BackupFormat.MAX_NAME + BackupFormat.MAX_VALUE) {
            throw new DamagedBackupException(
                    recordOffset, "no record is " + Integer.toUnsignedLong(length) + " bytes long");
        }
        int crc = ByteBuffer.wrap(exactly(4, "the checksum of a record")).getInt();
        byte[] body = exactly(length, "a record of " + length + " bytes");
        if (BackupFormat.crc(body) != crc) {
            throw new DamagedBackupException(recordOffset, "the record's checksum is wrong");
        }
        count++;
        return Optional.of(record(body));
    }

    private BackupRecord record(byte[] body) throws DamagedBackupException {
        int nameLength = ByteBuffer.wrap(body).getShort() & 0xffff;
        if (nameLength > BackupFormat.MAX_NAME || nameLength > body.length - 2) {
            throw new DamagedBackupException(recordOffset, "the record's name is too long");
        }
        if (body.length - 2 - nameLength > BackupFormat.MAX_VALUE) {
            throw new DamagedBackupException(recordOffset, "the record's value is too long");
        }
        String name = new String(body, 2, nameLength, StandardCharsets.ISO_8859_1);
        RecordKey key = BackupFormat.key(name)
                .orElseThrow(
                        () -> new DamagedBackupException(recordOffset, "the record's name is not one of Kelpie's"));
        return new BackupRecord(key, ByteString.copyFrom(body, 2 + nameLength, body.length - 2 - nameLength));
    }

    private BackupHeader readHeader() throws IOException, DamagedBackupException {
        byte[] magic = in.readNBytes(BackupFormat.MAGIC.length());
        if (!new String(magic, StandardCharsets.ISO_8859_1).equals(BackupFormat.MAGIC)) {
            throw new DamagedBackupException(
                    0, "the file does not begin as a backup of Kelpie does ('" + BackupFormat.MAGIC.trim() + "')");
        }
        taken(magic);
        StringBuilder text = new StringBuilder(BackupFormat.MAGIC);
        for (int line = 1; line < HEADER_LINES; line++) {
            text.append(line(BackupFormat.MAX_HEADER, "the header")).append('\n');
        }
        Matcher form = HEADER.matcher(text);
        if (!form.matches()) {
            throw new DamagedBackupException(0, "the header has not its form");
        }
        if (!form.group(5).equals(BackupFormat.crc32(form.group(1).getBytes(StandardCharsets.US_ASCII)))) {
            throw new DamagedBackupException(0, "the header's checksum is wrong");
        }
        return new BackupHeader(
                UUID.fromString(form.group(2)), Long.parseLong(form.group(3)), Long.parseLong(form.group(4)));
    }

    private void readEnd() throws IOException, DamagedBackupException {
        long at = offset;
        wholeDigest = digest.digest();
        Matcher form = END.matcher(line(MAX_END, "the last line"));
        if (!form.matches()) {
            throw new DamagedBackupException(at, "the last line has not its form");
        }
        if (Long.parseLong(form.group(1)) != count) {
            throw new DamagedBackupException(
                    at, "the file has " + count + " records, and its last line says " + form.group(1));
        }
        if (!form.group(2).equals(HexFormat.of().formatHex(wholeDigest))) {
            throw new DamagedBackupException(at, "the digest of the whole file is wrong");
        }
        if (in.read() >= 0) {
            throw new DamagedBackupException(offset, "something follows the last line");
        }
    }

    private String line(int max, String what) throws IOException, DamagedBackupException {
        StringBuilder line = new StringBuilder();
        while (true) {
            int next = exactly(1, what)[0] & 0xff;
            if (next == '\n') {
                return line.toString();
            }
            if (line.length() == max) {
                throw new DamagedBackupException(offset, what + " is too long");
            }
            line.append((char) next);
        }
    }

    private byte[] exactly(int length, String what) throws IOException, DamagedBackupException {
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
            throw new DamagedBackupException(offset + bytes.length, "the file ends within " + what);
        }
        taken(bytes);
        return bytes;
    }

    private void taken(byte[] bytes) {
        digest.update(bytes);
        offset += bytes.length;
    }
}
