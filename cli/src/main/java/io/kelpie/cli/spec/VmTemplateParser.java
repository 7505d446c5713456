package io.kelpie.cli.spec;

import io.kelpie.common.yaml.QuotedText;
import io.kelpie.common.yaml.YamlMap;
import io.kelpie.proto.v1.Acceleration;
import io.kelpie.proto.v1.CloudInit;
import io.kelpie.proto.v1.DataDisk;
import io.kelpie.proto.v1.NetworkInterface;
import io.kelpie.proto.v1.RootDisk;
import io.kelpie.proto.v1.StopPolicy;
import io.kelpie.proto.v1.VmTemplate;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads {@code spec.vm}. Throws {@link io.kelpie.common.yaml.YamlException} on bad input. */
final class VmTemplateParser {
    private static final int DEFAULT_VCPUS = 1;
    private static final int DEFAULT_GRACE_SECONDS = 30;
    private static final Set<String> PLANNED = Set.of("console");
    private static final Set<String> PLANNED_BACKENDS = Set.of("bridge", "tap", "macvtap", "vfio");

    private final CloudInitText cloudInitText;
    private final List<String> notes;

    VmTemplateParser(ReferredFiles files, List<String> notes) {
        this.cloudInitText = new CloudInitText(files);
        this.notes = notes;
    }

    VmTemplate parse(YamlMap vm) {
        VmTemplate.Builder template = VmTemplate.newBuilder()
                .setVcpus((int) vm.integer("vcpus", DEFAULT_VCPUS, 1, SpecLimits.MAX_VCPUS))
                .setMemoryMib(Checks.sizeMib(vm, "memory"))
                .setAcceleration(acceleration(vm.optionalMap("acceleration")))
                .setBoot(BootParser.parse(vm.requiredMap("boot")));
        HardwareParser.parse(vm, template);
        YamlMap root = vm.optionalMap("root");
        if (root != null) {
            template.setRoot(root(root));
        } else if (template.getBoot().hasImage()) {
            throw vm.invalid("root", "is required with boot.image", "add root: {size: 10Gi}");
        }
        disks(vm, template);
        networks(vm, template);
        YamlMap cloudInit = vm.optionalMap("cloudInit");
        if (cloudInit != null) {
            template.setCloudInit(cloudInit(cloudInit));
        }
        template.setStop(stop(vm.optionalMap("stop")));
        template.setDriver(Checks.word(vm, "driver", Words.DRIVER));
        vm.rejectUnknown(PLANNED);
        return template.build();
    }

    private static Acceleration acceleration(@Nullable YamlMap map) {
        if (map == null) {
            return Acceleration.newBuilder()
                    .setMode(Acceleration.Mode.MODE_KVM)
                    .setPaging(Acceleration.Paging.PAGING_HARDWARE)
                    .build();
        }
        Acceleration acceleration = Acceleration.newBuilder()
                .setMode(Checks.word(map, "mode", Words.MODE))
                .setPaging(Checks.word(map, "paging", Words.PAGING))
                .build();
        map.rejectUnknown();
        return acceleration;
    }

    private static RootDisk root(YamlMap map) {
        RootDisk root = RootDisk.newBuilder()
                .setSizeMib(Checks.sizeMib(map, "size"))
                .setKeep(map.bool("keep", false))
                .setPool(pool(map))
                .build();
        map.rejectUnknown();
        return root;
    }

    private void disks(YamlMap vm, VmTemplate.Builder template) {
        List<YamlMap> disks = vm.maps("disks");
        Checks.count(vm, "disks", disks.size(), SpecLimits.MAX_DISKS);
        Set<String> names = new HashSet<>();
        for (YamlMap map : disks) {
            String name = Checks.name(map, "name", map.requiredString("name"));
            if (name.length() > SpecLimits.MAX_DISK_NAME) {
                throw map.invalid(
                        "name",
                        QuotedText.of(name) + " is too long for a disk's serial number",
                        "give at most " + SpecLimits.MAX_DISK_NAME + " characters");
            }
            if (name.equals("root") || !names.add(name)) {
                throw map.invalid(
                        "name",
                        "another disk of the VM is called " + QuotedText.of(name),
                        "give each disk a name of its own");
            }
            boolean kept = map.has("keep");
            template.addDisks(DataDisk.newBuilder()
                    .setName(name)
                    .setSizeMib(Checks.sizeMib(map, "size"))
                    .setBus(Checks.word(map, "bus", Words.BUS))
                    .setPool(pool(map))
                    .setKeep(map.bool("keep", false)));
            map.rejectUnknown(Set.of("iops"));
            if (!kept) {
                notes.add("disk '" + name + "' has no 'keep': it is empty again at each start; keep: true keeps it");
            }
        }
    }

    /** Empty in the spec means the pool {@code default}; it is written out here. */
    private static String pool(YamlMap map) {
        return Checks.name(map, "pool", map.string("pool", "default"));
    }

    private static void networks(YamlMap vm, VmTemplate.Builder template) {
        List<YamlMap> networks = vm.maps("networks");
        Checks.count(vm, "networks", networks.size(), SpecLimits.MAX_NETWORKS);
        for (YamlMap map : networks) {
            NetworkInterface.Model model = Checks.word(map, "model", Words.MODEL);
            YamlMap user = map.optionalMap("user");
            if (user != null) {
                user.rejectUnknown();
            }
            map.rejectUnknown(PLANNED_BACKENDS);
            if (user == null) {
                throw map.invalid("user", "the interface is connected to nothing", "write 'user: {}'");
            }
            template.addNetworks(NetworkInterface.newBuilder()
                    .setUser(NetworkInterface.User.getDefaultInstance())
                    .setModel(model));
        }
    }

    private CloudInit cloudInit(YamlMap map) {
        CloudInit cloudInit = CloudInit.newBuilder()
                .setUserData(cloudInitText.read(map, "userData"))
                .setNetworkConfig(cloudInitText.read(map, "networkConfig"))
                .build();
        map.rejectUnknown();
        return cloudInit;
    }

    private static StopPolicy stop(@Nullable YamlMap map) {
        if (map == null) {
            return StopPolicy.newBuilder()
                    .setGraceSeconds(DEFAULT_GRACE_SECONDS)
                    .build();
        }
        StopPolicy stop = StopPolicy.newBuilder()
                .setGraceSeconds(
                        (int) map.integer("graceSeconds", DEFAULT_GRACE_SECONDS, 0, SpecLimits.MAX_GRACE_SECONDS))
                .build();
        map.rejectUnknown();
        return stop;
    }
}
