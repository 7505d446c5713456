package io.kelpie.cli.spec;

import io.kelpie.proto.v1.Acceleration;
import io.kelpie.proto.v1.DiskBus;
import io.kelpie.proto.v1.DriverChoice;
import io.kelpie.proto.v1.Hugepages;
import io.kelpie.proto.v1.NetworkInterface;
import io.kelpie.proto.v1.OnHostFailure;
import io.kelpie.proto.v1.RestartPolicy;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The words of a job file for the constants of a job spec, in both directions. The first word is the default.
 *
 * @param byWord words in the order in which messages list them
 */
record Words<E extends Enum<E>>(Map<String, E> byWord) {
    static final Words<RestartPolicy.Policy> RESTART = Words.of("on-failure", RestartPolicy.Policy.POLICY_ON_FAILURE)
            .and("always", RestartPolicy.Policy.POLICY_ALWAYS)
            .and("never", RestartPolicy.Policy.POLICY_NEVER);
    /** Without a default of its own: what an absent key means depends on where the VM's disks can lie. */
    static final Words<OnHostFailure> ON_HOST_FAILURE = Words.of("restart", OnHostFailure.ON_HOST_FAILURE_RESTART)
            .and("leave", OnHostFailure.ON_HOST_FAILURE_LEAVE);

    static final Words<Acceleration.Mode> MODE = Words.of("kvm", Acceleration.Mode.MODE_KVM)
            .and("tcg", Acceleration.Mode.MODE_TCG)
            .and("any", Acceleration.Mode.MODE_ANY);
    static final Words<Acceleration.Paging> PAGING =
            Words.of("hardware", Acceleration.Paging.PAGING_HARDWARE).and("any", Acceleration.Paging.PAGING_ANY);
    static final Words<DiskBus> BUS =
            Words.of("virtio", DiskBus.DISK_BUS_VIRTIO).and("ide", DiskBus.DISK_BUS_IDE);
    static final Words<NetworkInterface.Model> MODEL =
            Words.of("virtio", NetworkInterface.Model.MODEL_VIRTIO).and("e1000", NetworkInterface.Model.MODEL_E1000);
    static final Words<DriverChoice> DRIVER = Words.of("auto", DriverChoice.DRIVER_CHOICE_AUTO)
            .and("qemu", DriverChoice.DRIVER_CHOICE_QEMU)
            .and("libvirt", DriverChoice.DRIVER_CHOICE_LIBVIRT)
            .and("fake", DriverChoice.DRIVER_CHOICE_FAKE);

    /** Without a default of its own: an absent key is no wish. */
    static final Words<Hugepages> HUGEPAGES = Words.of("none", Hugepages.HUGEPAGES_NONE)
            .and("2Mi", Hugepages.HUGEPAGES_2MI)
            .and("1Gi", Hugepages.HUGEPAGES_1GI);

    private static <E extends Enum<E>> Words<E> of(String word, E constant) {
        return new Words<>(Map.of(word, constant));
    }

    private Words<E> and(String word, E constant) {
        Map<String, E> more = new LinkedHashMap<>(byWord);
        more.put(word, constant);
        return new Words<>(more);
    }

    String defaultWord() {
        return byWord.keySet().iterator().next();
    }

    /** The word of a constant; of one that has none, such as UNSPECIFIED, the default. */
    String word(E constant) {
        for (Map.Entry<String, E> entry : byWord.entrySet()) {
            if (entry.getValue() == constant) {
                return entry.getKey();
            }
        }
        return defaultWord();
    }

    /** The list of words, for messages. */
    String list() {
        return String.join(", ", byWord.keySet());
    }
}
