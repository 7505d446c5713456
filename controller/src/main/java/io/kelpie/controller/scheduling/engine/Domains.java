package io.kelpie.controller.scheduling.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The values of one label as domains: which host is in which. Belongs to one thread. */
public final class Domains {
    /** The domain of a host without the label. */
    public static final int NONE = -1;

    private final String label;
    private final Map<String, Integer> numbers = new HashMap<>();
    private final List<String> names = new ArrayList<>();
    private final List<IntList> hostsIn = new ArrayList<>();
    private int[] domainOf = new int[0];
    private int inUse;

    Domains(String label) {
        this.label = label;
    }

    public String label() {
        return label;
    }

    /** The host's domain, or {@link #NONE}. */
    public int of(int host) {
        return host < domainOf.length ? domainOf[host] : NONE;
    }

    /** All domains' numbers are below; some may be without hosts by now. */
    public int count() {
        return names.size();
    }

    /** Domains with at least one host. */
    public int inUse() {
        return inUse;
    }

    public String name(int domain) {
        return names.get(domain);
    }

    public IntList hosts(int domain) {
        return hostsIn.get(domain);
    }

    /**
     * @param value the host's value of the label; {@code null} if it has none
     */
    void put(int host, @Nullable String value) {
        if (host >= domainOf.length) {
            int formerly = domainOf.length;
            domainOf = Arrays.copyOf(domainOf, Math.max(16, host * 2));
            Arrays.fill(domainOf, formerly, domainOf.length, NONE);
        }
        int domain = value == null ? NONE : number(value);
        int before = domainOf[host];
        if (before == domain) {
            return;
        }
        if (before != NONE) {
            hostsIn.get(before).removeValue(host);
            inUse -= hostsIn.get(before).isEmpty() ? 1 : 0;
        }
        if (domain != NONE) {
            inUse += hostsIn.get(domain).isEmpty() ? 1 : 0;
            hostsIn.get(domain).add(host);
        }
        domainOf[host] = domain;
    }

    private int number(String value) {
        return numbers.computeIfAbsent(value, any -> {
            names.add(value);
            hostsIn.add(new IntList());
            return names.size() - 1;
        });
    }
}
