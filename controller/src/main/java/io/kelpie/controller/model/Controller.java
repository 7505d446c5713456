package io.kelpie.controller.model;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A member of the controller set.
 *
 * @param id its id
 * @param address where hosts, operators and the other controllers reach it, host:port
 * @param mayLead false: it was added, or moved to this address, and not all members before have acknowledged that
 * @param since version of the set by which it was added or moved to this address
 */
public record Controller(String id, String address, boolean mayLead, long since) {
    private static final int MAX_ADDRESS = 255;
    private static final Pattern ADDRESS = Pattern.compile("([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.%]+]):([0-9]{1,5})");

    /** A member of the first set. */
    public Controller(String id, String address, boolean mayLead) {
        this(id, address, mayLead, 1);
    }

    /** Whether a text looks like an address, host:port; whether its host can be resolved is not asked. */
    public static boolean isAddress(String text) {
        Matcher matcher = ADDRESS.matcher(text);
        return matcher.matches() && text.length() <= MAX_ADDRESS && isPort(Integer.parseInt(matcher.group(2)));
    }

    private static boolean isPort(int number) {
        return number >= 1 && number <= 65_535;
    }

    /** Whether it is the member of this id at this address. */
    public boolean is(String otherId, String otherAddress) {
        return id.equals(otherId) && address.equals(otherAddress);
    }

    @Override
    public String toString() {
        return id + "=" + address;
    }
}
