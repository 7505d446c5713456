package io.kelpie.controller.store.zookeeper;

import io.kelpie.controller.model.Seat;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A {@link Seat} as it is stored: the version in decimal digits, a space, and its holder. */
public final class SeatText {
    private static final Pattern FORM = Pattern.compile("([0-9]{1,18}) ([A-Za-z0-9._-]{1,128})");

    private SeatText() {}

    /** What has another form was not written by a controller, and nobody holds it. */
    public static Seat parse(byte[] text) {
        Matcher matcher = FORM.matcher(new String(text, StandardCharsets.US_ASCII));
        return matcher.matches() ? new Seat(matcher.group(2), Long.parseLong(matcher.group(1))) : new Seat("", -1);
    }

    public static byte[] of(Seat seat) {
        return (seat.version() + " " + seat.holder()).getBytes(StandardCharsets.US_ASCII);
    }
}
