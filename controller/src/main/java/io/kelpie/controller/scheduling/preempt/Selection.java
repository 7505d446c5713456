package io.kelpie.controller.scheduling.preempt;

import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.engine.HostTrial;
import io.kelpie.controller.scheduling.engine.Instances;
import io.kelpie.controller.scheduling.engine.Inventory;
import java.util.Arrays;
import java.util.Optional;

/**
 * Chooses the victims on one host. First what goes anyway is set aside, then the claims of lower priority. If that is
 * not enough: whoever the host does not pass without, be it that all others were gone, is a victim; of the rest the
 * smallest set is looked for, and if that takes too much effort, a set is made greedily, once by importance and once by
 * size, and whoever is not needed is reprieved, the most important first. For one request and one host.
 */
final class Selection {
    private final HostTable hosts;
    private final Instances instances;
    private final HostTrial trial;
    private final Ask ask;
    private final int host;
    private final Profile profile;
    private final Candidates candidates;
    private final Effort effort;
    private final boolean[] chosen; // by candidate

    Selection(Inventory inventory, HostTrial trial, Ask ask, int host, Profile profile, Effort effort) {
        this.trial = trial;
        this.ask = ask;
        this.host = host;
        this.profile = profile;
        this.effort = effort;
        hosts = inventory.hosts();
        instances = inventory.instances();
        candidates = new Candidates(ask, profile, instances);
        chosen = new boolean[candidates.size()];
    }

    /** What to end on the host; empty if nothing that may be ended makes it pass, or nothing was found in time. */
    Optional<Choice> choose() {
        trial.open(host);
        try {
            return chooseInTrial();
        } finally {
            trial.close();
        }
    }

    private Optional<Choice> chooseInTrial() {
        for (int instance : profile.leaving()) {
            trial.setAside(instance);
        }
        if (passes()) {
            return checked(new int[0], new int[0]);
        }
        int[] claims = Arrays.stream(profile.claims())
                .filter(claim -> instances.ask(claim).priority() < ask.priority())
                .toArray();
        for (int claim : claims) {
            trial.setAside(claim);
        }
        if (passes()) {
            return checked(new int[0], needed(claims));
        }
        if (!chooseVictims()) {
            return Optional.empty();
        }
        int[] victims = new int[candidates.size()];
        int count = 0;
        for (int i = 0; i < candidates.size(); i++) {
            if (chosen[i]) {
                victims[count++] = candidates.instance(i);
            }
        }
        return checked(Arrays.copyOf(victims, count), needed(claims));
    }

    private boolean passes() {
        effort.step();
        return trial.passesButSpread(ask);
    }

    private Optional<Choice> checked(int[] victims, int[] claims) {
        return trial.passesSpread(ask)
                ? Optional.of(new Choice(victims, claims, trial.numaNodes(ask)))
                : Optional.empty();
    }

    /** Puts back the claims that do no harm, the most important first. */
    private int[] needed(int[] claims) {
        int[] needed = new int[claims.length];
        int count = 0;
        for (int i = claims.length - 1; i >= 0; i--) {
            if (!isReprieved(claims[i])) {
                needed[count++] = claims[i];
            }
        }
        int[] byImportance = new int[count];
        for (int i = 0; i < count; i++) {
            byImportance[i] = needed[count - 1 - i];
        }
        return byImportance;
    }

    /** Puts an instance back for good if the host passes with it. */
    private boolean isReprieved(int instance) {
        trial.putBack(instance);
        if (passes()) {
            return true;
        }
        trial.setAside(instance);
        return false;
    }

    /** Sets the victims aside; false if there is no way. */
    private boolean chooseVictims() {
        for (int i = 0; i < candidates.size(); i++) {
            trial.setAside(candidates.instance(i));
        }
        if (!passes() || !chooseNecessary()) {
            return false;
        }
        if (passes()) {
            return true;
        }
        int[] others = others();
        long vcpus = ask.demand().vcpus() - hosts.freeVcpus(host);
        long memoryMib = ask.demand().memoryMib() - hosts.freeMemoryMib(host);
        int[] set = new SmallestSet(trial, candidates, others, effort, this::passes).find(vcpus, memoryMib);
        if (set.length == 0 && effort.isUp()) {
            set = greedy(others, vcpus, memoryMib);
        }
        for (int candidate : set) {
            trial.setAside(candidates.instance(candidate));
            chosen[candidate] = true;
        }
        return set.length > 0;
    }

    /** Chooses whom no set can do without and puts the others back; false if a budget does not allow that. */
    private boolean chooseNecessary() {
        for (int i = 0; i < candidates.size(); i++) {
            trial.putBack(candidates.instance(i));
            chosen[i] = !passes();
            trial.setAside(candidates.instance(i));
        }
        for (int i = 0; i < candidates.size(); i++) {
            if (chosen[i]) {
                candidates.spend(i);
                if (candidates.isOverspent(i)) {
                    return false;
                }
            } else {
                trial.putBack(candidates.instance(i));
            }
        }
        return true;
    }

    /** Who may be chosen beside the necessary ones. */
    private int[] others() {
        int[] others = new int[candidates.size()];
        int count = 0;
        for (int i = 0; i < candidates.size(); i++) {
            if (!chosen[i] && candidates.isAllowed(i)) {
                others[count++] = i;
            }
        }
        return Arrays.copyOf(others, count);
    }

    private int[] greedy(int[] others, long vcpus, long memoryMib) {
        int[] byImportance = greedy(others);
        int[] bySize = greedy(bySize(others, vcpus, memoryMib));
        if (byImportance.length == 0 || bySize.length == 0) {
            return byImportance.length == 0 ? bySize : byImportance;
        }
        return isCheaper(bySize, byImportance) ? bySize : byImportance;
    }

    /** Makes a set by taking one after the other, and drops whoever is not needed. Nothing stays set aside. */
    private int[] greedy(int[] order) {
        boolean[] taken = new boolean[candidates.size()];
        boolean enough = false;
        for (int i = 0; i < order.length && !enough; i++) {
            if (candidates.isAllowed(order[i])) {
                candidates.spend(order[i]);
                trial.setAside(candidates.instance(order[i]));
                taken[order[i]] = true;
                enough = passes();
            }
        }
        int[] set = new int[candidates.size()];
        int size = 0;
        for (int i = candidates.size() - 1; i >= 0; i--) {
            if (taken[i]) {
                candidates.refund(i);
                if (enough && !isReprieved(candidates.instance(i))) {
                    set[size++] = i;
                }
            }
        }
        for (int i = 0; i < candidates.size(); i++) {
            if (taken[i] && (!enough || contains(set, size, i))) {
                trial.putBack(candidates.instance(i));
            }
        }
        int[] byImportance = Arrays.copyOf(set, size);
        Arrays.sort(byImportance);
        return byImportance;
    }

    private static boolean contains(int[] set, int size, int candidate) {
        for (int i = 0; i < size; i++) {
            if (set[i] == candidate) {
                return true;
            }
        }
        return false;
    }

    /** Those first that bring the most of what is missing. */
    private int[] bySize(int[] others, long vcpus, long memoryMib) {
        return Arrays.stream(others)
                .boxed()
                .sorted((one, other) -> {
                    int order = Long.compare(share(other, vcpus, memoryMib), share(one, vcpus, memoryMib));
                    return order == 0 ? Integer.compare(one, other) : order;
                })
                .mapToInt(Integer::intValue)
                .toArray();
    }

    private long share(int candidate, long vcpus, long memoryMib) {
        return share(candidates.vcpus(candidate), vcpus) + share(candidates.memoryMib(candidate), memoryMib);
    }

    private static long share(long amount, long missing) {
        return missing <= 0 ? 0 : (Math.min(amount, missing) << 20) / missing;
    }

    private boolean isCheaper(int[] set, int[] than) {
        return price(set).compareTo(price(than)) < 0;
    }

    private Price price(int[] set) {
        int highest = Price.NO_PRIORITY;
        long sum = 0;
        long oldest = Price.NO_AGE;
        for (int candidate : set) {
            highest = Math.max(highest, candidates.priority(candidate));
            sum += candidates.priority(candidate);
            oldest = Math.min(oldest, candidates.sinceMillis(candidate));
        }
        return new Price(Price.key(0, set.length, 0, highest, sum), oldest, 0, "");
    }
}
