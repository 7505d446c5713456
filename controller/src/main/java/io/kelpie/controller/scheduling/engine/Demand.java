package io.kelpie.controller.scheduling.engine;

import io.kelpie.controller.model.LabelPreference;
import io.kelpie.controller.model.LabelRequirement;
import io.kelpie.controller.model.PageSize;
import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.model.Toleration;
import io.kelpie.controller.model.VmShape;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What all VMs of one shape and one choice of labels ask for, with names resolved to indexes: an equivalence class of
 * requests. Remembers which classes of hosts pass the rules on traits. Belongs to one thread.
 */
public final class Demand {
    /** What a demand is made from; two VMs with equal keys have the same demand. */
    record Key(
            VmShape shape,
            Reservation reservation,
            List<LabelRequirement> require,
            List<LabelPreference> prefer,
            List<Toleration> tolerations) {}

    private static final long ALL_CLASSES = -1;
    private static final byte UNKNOWN = 0;
    private static final byte PASSES = 1;
    private static final byte FAILS = 2;

    private final Key key;
    private final List<String> poolNames;
    private final int[] pools;
    private final long[] poolMib;
    private final List<String> deviceKinds;
    private final int[] devices;
    private final int[] deviceCounts;

    private final int vcpus;
    private final long memoryMib;
    private final @Nullable PageSize hugepages;
    private final long hugepagesMib;
    private final int numaNodes;
    private final int vcpusPerNumaNode;
    private final long memoryMibPerNumaNode;
    private final long hugepagesMibPerNumaNode;

    private final List<String> imageDigests;
    private final int[] images;
    private final long wanted;
    private final long imageOffers;
    private final int preferWeights;
    private final boolean wantsDevices;

    private byte[] verdicts = new byte[0]; // by trait class
    private int[] missed = new int[0]; // by trait class, one more than it is; 0: not known
    private int traitRevision = -1;
    private int traitClasses;
    private long classes = ALL_CLASSES; // a bit each, shared: see FitIndex

    Demand(Key key, HostTable hosts) {
        this.key = key;
        Reservation reservation = key.reservation();
        vcpus = reservation.vcpus();
        memoryMib = reservation.memoryMib();
        hugepages = reservation.hugepages().orElse(null);
        hugepagesMib = reservation.hugepagesMib();
        numaNodes = key.shape().numaNodes();
        int parts = Math.max(1, numaNodes);
        vcpusPerNumaNode = (vcpus + parts - 1) / parts;
        memoryMibPerNumaNode = (memoryMib + parts - 1) / parts;
        hugepagesMibPerNumaNode = (hugepagesMib + parts - 1) / parts;
        poolNames = List.copyOf(reservation.poolMib().keySet());
        pools = poolNames.stream().mapToInt(hosts::poolIndex).toArray();
        poolMib = poolNames.stream()
                .mapToLong(pool -> reservation.poolMib().getOrDefault(pool, 0L))
                .toArray();
        deviceKinds = List.copyOf(reservation.devices().keySet());
        devices = deviceKinds.stream().mapToInt(hosts::deviceIndex).toArray();
        deviceCounts = deviceKinds.stream()
                .mapToInt(kind -> reservation.devices().getOrDefault(kind, 0))
                .toArray();
        wanted = Offers.wantedBy(this);
        imageDigests = List.copyOf(key.shape().images());
        images = imageDigests.stream().mapToInt(hosts::imageIndex).toArray();
        imageOffers = Offers.ofImages(key.shape().images());
        wantsDevices = Arrays.stream(deviceCounts).anyMatch(count -> count > 0);
        preferWeights = key.prefer().stream().mapToInt(LabelPreference::weight).sum();
    }

    public VmShape shape() {
        return key.shape();
    }

    public List<LabelRequirement> require() {
        return key.require();
    }

    public List<LabelPreference> prefer() {
        return key.prefer();
    }

    public List<Toleration> tolerations() {
        return key.tolerations();
    }

    /** What it holds, its NUMA nodes not chosen yet. */
    public Reservation reservation() {
        return key.reservation();
    }

    public int vcpus() {
        return vcpus;
    }

    /** Ordinary memory including QEMU's own, in MiB. */
    public long memoryMib() {
        return memoryMib;
    }

    public @Nullable PageSize hugepages() {
        return hugepages;
    }

    public long hugepagesMib() {
        return hugepagesMib;
    }

    /** NUMA nodes that it must be bound to; 0: none. */
    public int numaNodes() {
        return numaNodes;
    }

    public int vcpusPerNumaNode() {
        return vcpusPerNumaNode;
    }

    public long memoryMibPerNumaNode() {
        return memoryMibPerNumaNode;
    }

    public long hugepagesMibPerNumaNode() {
        return hugepagesMibPerNumaNode;
    }

    public int poolCount() {
        return pools.length;
    }

    public String poolName(int i) {
        return poolNames.get(i);
    }

    /** Index of the pool in the table; {@link HostTable#UNKNOWN} if no host has it. */
    public int pool(int i) {
        return pools[i];
    }

    public long poolMib(int i) {
        return poolMib[i];
    }

    public int deviceCount() {
        return devices.length;
    }

    public String deviceKind(int i) {
        return deviceKinds.get(i);
    }

    /** Index of the kind in the table; {@link HostTable#UNKNOWN} if no host has one. */
    public int device(int i) {
        return devices[i];
    }

    public int devices(int i) {
        return deviceCounts[i];
    }

    /** Whether it needs a device that nobody holds. */
    boolean wantsDevices() {
        return wantsDevices;
    }

    /** What a host has to offer at least: see {@link Offers}. */
    long wanted() {
        return wanted;
    }

    /** What a host that has all of its images offers: see {@link Offers}. */
    long imageOffers() {
        return imageOffers;
    }

    public int imageCount() {
        return images.length;
    }

    /** How many of its images the host has to fetch. */
    public int missingImages(HostTable hosts, int host) {
        int missing = 0;
        for (int i = 0; i < images.length; i++) {
            missing += hosts.hasImage(host, images[i], imageDigests.get(i)) ? 0 : 1;
        }
        return missing;
    }

    /** The sum of the weights of {@link #prefer}. */
    public int preferWeights() {
        return preferWeights;
    }

    /**
     * The weights of those of {@link #prefer} that hosts of a trait class do not have.
     *
     * @param revision changes when classes are made anew
     * @param exemplarHost of the class
     */
    public int missedWeights(int traitClass, int revision, HostTable hosts, int exemplarHost) {
        revise(revision);
        if (traitClass >= missed.length) {
            missed = Arrays.copyOf(missed, Math.max(8, traitClass * 2));
        }
        if (missed[traitClass] == 0) {
            int sum = 0;
            Map<String, String> labels = hosts.view(exemplarHost).traits().labels();
            for (LabelPreference preference : key.prefer()) {
                String value = labels.get(preference.label());
                sum += value != null && preference.in().contains(value) ? 0 : preference.weight();
            }
            missed[traitClass] = sum + 1;
        }
        return missed[traitClass] - 1;
    }

    /** Names that no host had when the demand was made may be known by now. */
    boolean isStale(HostTable hosts) {
        for (int i = 0; i < pools.length; i++) {
            if (pools[i] == HostTable.UNKNOWN && hosts.poolIndex(poolNames.get(i)) != HostTable.UNKNOWN) {
                return true;
            }
        }
        for (int i = 0; i < devices.length; i++) {
            if (devices[i] == HostTable.UNKNOWN && hosts.deviceIndex(deviceKinds.get(i)) != HostTable.UNKNOWN) {
                return true;
            }
        }
        return false;
    }

    /** Judges a class of hosts by its traits. */
    public interface TraitJudge {
        boolean passes(int exemplarHost);
    }

    /**
     * Whether hosts of a trait class pass the rules on traits; asks the judge once a class.
     *
     * @param revision changes when classes are made anew
     */
    public boolean passes(int traitClass, int revision, int exemplarHost, TraitJudge judge) {
        revise(revision);
        if (traitClass >= verdicts.length) {
            verdicts = Arrays.copyOf(verdicts, Math.max(8, traitClass * 2));
        }
        byte verdict = verdicts[traitClass];
        if (verdict == UNKNOWN) {
            verdict = judge.passes(exemplarHost) ? PASSES : FAILS;
            verdicts[traitClass] = verdict;
            close(traitClass);
        }
        return verdict == PASSES;
    }

    /**
     * Bits of the trait classes that may pass, as in {@link FitIndex#classBit}.
     *
     * @param revision changes when classes are made anew
     * @param count all classes' numbers are below
     */
    long classes(int revision, int count) {
        revise(revision);
        if (count != traitClasses) {
            traitClasses = count;
            classes = ALL_CLASSES;
            for (int traitClass = 0; traitClass < Math.min(Long.SIZE, count); traitClass++) {
                close(traitClass);
            }
        }
        return classes;
    }

    private void revise(int revision) {
        if (revision != traitRevision) {
            Arrays.fill(verdicts, UNKNOWN);
            Arrays.fill(missed, 0);
            traitRevision = revision;
            traitClasses = 0;
            classes = ALL_CLASSES;
        }
    }

    /** Takes the bit of a class away if all that share it are known to fail. */
    private void close(int traitClass) {
        for (int each = traitClass % Long.SIZE; each < traitClasses; each += Long.SIZE) {
            if (each >= verdicts.length || verdicts[each] != FAILS) {
                return;
            }
        }
        if (traitClass < traitClasses) {
            classes &= ~FitIndex.classBit(traitClass);
        }
    }
}
