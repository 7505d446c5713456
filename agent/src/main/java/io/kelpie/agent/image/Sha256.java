package io.kelpie.agent.image;

import io.kelpie.agent.spec.FieldRejectedException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Locale;
import java.util.regex.Pattern;

/** SHA-256 digests as text. */
final class Sha256 {
    private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");

    private Sha256() {}

    /** Whether the text is a digest in the one form that is used in names of files. */
    static boolean isDigest(String text) {
        return DIGEST.matcher(text).matches();
    }

    /** The digest that a job spec gives, in lower case. */
    static String parse(String text, String field) throws FieldRejectedException {
        String digest = text.toLowerCase(Locale.ROOT);
        if (!isDigest(digest)) {
            throw new FieldRejectedException(
                    field, "the digest is not 64 hexadecimal digits", "give what sha256sum prints for the file");
        }
        return digest;
    }

    static MessageDigest newDigest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }
}
