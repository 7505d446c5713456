package io.kelpie.controller.backup;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Writes a backup: the header, records, the end. Not thread-safe; does not close the stream. */
public final class BackupWriter {
    private final DigestOutputStream out;
    private long count;

    /** Begins a backup. */
    public BackupWriter(OutputStream out, BackupHeader header) throws IOException {
        this.out = new DigestOutputStream(out, sha256());
        String text = BackupFormat.MAGIC + "cluster " + header.cluster() + "\nepoch " + header.epoch() + "\nmade-at "
                + header.madeAtMillis() + "\n";
        text += "crc32 " + BackupFormat.crc32(text.getBytes(StandardCharsets.US_ASCII)) + "\n";
        this.out.write(text.getBytes(StandardCharsets.US_ASCII));
    }

    public void write(BackupRecord record) throws IOException {
        byte[] body = body(record);
        DataOutputStream data = new DataOutputStream(out);
        data.writeInt(body.length);
        data.writeInt(BackupFormat.crc(body));
        data.write(body);
        data.flush();
        count++;
    }

    /** Without this the backup is known to be cut off. */
    public void end() throws IOException {
        out.write(new byte[4]);
        String digest = HexFormat.of().formatHex(out.getMessageDigest().digest());
        out.write(("end " + count + " sha256 " + digest + "\n").getBytes(StandardCharsets.US_ASCII));
        out.flush();
    }

    private static byte[] body(BackupRecord record) {
        byte[] name = BackupFormat.name(record.key()).getBytes(StandardCharsets.US_ASCII);
        ByteArrayOutputStream body =
                new ByteArrayOutputStream(2 + name.length + record.value().size());
        try (DataOutputStream data = new DataOutputStream(body)) {
            data.writeShort(name.length);
            data.write(name);
            record.value().writeTo(data);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return body.toByteArray();
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }
}
