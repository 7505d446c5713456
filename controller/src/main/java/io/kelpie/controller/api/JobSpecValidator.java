package io.kelpie.controller.api;

import io.kelpie.common.error.KelpieException;
import io.kelpie.common.id.LabelText;
import io.kelpie.common.id.Names;
import io.kelpie.proto.v1.Boot;
import io.kelpie.proto.v1.DataDisk;
import io.kelpie.proto.v1.ImageSource;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.NetworkInterface;
import io.kelpie.proto.v1.RestartPolicy;
import io.kelpie.proto.v1.RootDisk;
import io.kelpie.proto.v1.VmTemplate;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Refuses a spec that no host could run as it stands, by the name of the field. Whatever an agent builds from a spec
 * (paths, file names, command lines) has passed here first. Pure.
 */
final class JobSpecValidator {
    static final int MAX_SPEC_BYTES = 256 * 1024;
    static final int MAX_SEED_BYTES = 64 * 1024;
    static final int MAX_REPLICAS = 10_000;
    static final int MAX_LABELS = 64;
    static final int MAX_DISKS = 32;
    static final int MAX_NETWORKS = 16;
    static final int MAX_PRIORITY = 100;

    /** Name of the constant that generated code has for all it does not know. */
    private static final String UNRECOGNIZED = "UNRECOGNIZED";

    static final int MAX_VCPUS = 512;
    static final long MAX_MEMORY_MIB = 64L * 1024 * 1024;
    private static final long MAX_DISK_MIB = 16L * 1024 * 1024;
    private static final int MAX_DISK_NAME = 20;
    private static final int MAX_CMDLINE = 2_047;
    private static final int MAX_PATH = 1_024;
    private static final int MAX_GRACE_SECONDS = 3_600;
    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
    private static final Pattern URL = Pattern.compile("https?://[!-~]{1,1000}");
    private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}|[\\u2028\\u2029\\u202A-\\u202E\\u2066-\\u2069]");

    private JobSpecValidator() {}

    /** @throws KelpieException naming the first field at fault */
    static void check(JobSpec spec) {
        name("metadata.name", spec.getName());
        name("metadata.namespace", spec.getNamespace());
        labels("metadata.labels", spec.getLabelsMap());
        replicas("spec.replicas", spec.getReplicas());
        restart(spec.getRestart());
        known("spec.onHostFailure", spec.getOnHostFailure(), "restart or leave");
        range("spec.priority", Integer.toUnsignedLong(spec.getPriority()), 0, MAX_PRIORITY, "");
        // 0 is what an absent field reads as. More than the replicas is accepted: the job may be scaled down later.
        range("spec.maxUnavailable", Integer.toUnsignedLong(spec.getMaxUnavailable()), 0, MAX_REPLICAS, "");
        PlacementValidator.check(spec.getPlacement());
        if (!spec.hasVm()) {
            throw KelpieException.invalidField("spec.vm", "is missing", "say what each VM is");
        }
        vm(spec.getVm());
        // Last, as a single field that is too long is better named itself.
        if (spec.getSerializedSize() > MAX_SPEC_BYTES) {
            throw KelpieException.invalidField(
                    "spec",
                    "has " + spec.getSerializedSize() + " bytes, the limit is " + MAX_SPEC_BYTES,
                    "make it smaller; large user data belongs on a server that the guest asks");
        }
    }

    static void name(String field, String name) {
        if (!Names.isValid(name)) {
            throw KelpieException.invalidField(field, "'" + printable(name) + "' is not a name", "give " + Names.RULE);
        }
    }

    static void replicas(String field, int replicas) {
        range(field, Integer.toUnsignedLong(replicas), 1, MAX_REPLICAS, "");
    }

    private static void labels(String field, Map<String, String> labels) {
        if (labels.size() > MAX_LABELS) {
            throw KelpieException.invalidField(
                    field, "has " + labels.size() + " labels, the limit is " + MAX_LABELS, "give fewer");
        }
        labels.forEach((key, value) -> {
            label(field, key);
            label(field + "." + key, value);
        });
    }

    static void label(String field, String text) {
        if (!LabelText.isValid(text)) {
            throw KelpieException.invalidField(
                    field, "'" + printable(text) + "' is no label", "give " + LabelText.RULE);
        }
    }

    private static void restart(RestartPolicy restart) {
        known("spec.restart.policy", restart.getPolicy(), "on-failure, always or never");
        range("spec.restart.attempts", Integer.toUnsignedLong(restart.getAttempts()), 0, 100, "");
        range("spec.restart.window", Integer.toUnsignedLong(restart.getWindowSeconds()), 0, 7 * 86_400, " seconds");
    }

    private static void vm(VmTemplate vm) {
        range("spec.vm.vcpus", Integer.toUnsignedLong(vm.getVcpus()), 1, MAX_VCPUS, "");
        range("spec.vm.memory", vm.getMemoryMib(), 1, MAX_MEMORY_MIB, " MiB");
        known("spec.vm.acceleration.mode", vm.getAcceleration().getMode(), "kvm, tcg or any");
        known("spec.vm.acceleration.paging", vm.getAcceleration().getPaging(), "hardware or any");
        known("spec.vm.driver", vm.getDriver(), "auto, qemu, libvirt or fake");
        HardwareValidator.check(vm);
        boot(vm);
        if (vm.hasRoot()) {
            root(vm.getRoot());
        }
        disks(vm);
        networks(vm);
        if (vm.hasCloudInit()) {
            text("spec.vm.cloudInit.userData", vm.getCloudInit().getUserData(), MAX_SEED_BYTES);
            text("spec.vm.cloudInit.networkConfig", vm.getCloudInit().getNetworkConfig(), MAX_SEED_BYTES);
        }
        range(
                "spec.vm.stop.graceSeconds",
                Integer.toUnsignedLong(vm.getStop().getGraceSeconds()),
                0,
                MAX_GRACE_SECONDS,
                " seconds");
    }

    private static void boot(VmTemplate vm) {
        Boot boot = vm.getBoot();
        if (boot.hasImage() == boot.hasKernel()) {
            throw KelpieException.invalidField(
                    "spec.vm.boot",
                    boot.hasImage() ? "has both an image and a kernel" : "has neither an image nor a kernel",
                    "give exactly one of boot.image and boot.kernel");
        }
        if (boot.hasImage()) {
            source("spec.vm.boot.image", boot.getImage());
            if (!vm.hasRoot()) {
                throw KelpieException.invalidField(
                        "spec.vm.root", "is missing", "give the size of the root disk, e.g. root: {size: 10Gi}");
            }
        } else {
            source("spec.vm.boot.kernel", boot.getKernel());
        }
        if (boot.hasInitrd()) {
            if (!boot.hasKernel()) {
                throw KelpieException.invalidField(
                        "spec.vm.boot.initrd", "needs boot.kernel", "give a kernel or drop the initrd");
            }
            source("spec.vm.boot.initrd", boot.getInitrd());
        }
        if (!boot.getCmdline().isEmpty()) {
            if (!boot.hasKernel()) {
                throw KelpieException.invalidField(
                        "spec.vm.boot.cmdline", "needs boot.kernel", "give a kernel or drop the cmdline");
            }
            line("spec.vm.boot.cmdline", boot.getCmdline(), MAX_CMDLINE);
        }
    }

    private static void source(String field, ImageSource source) {
        switch (source.getSourceCase()) {
            case FILE -> {
                line(field + ".file", source.getFile(), MAX_PATH);
                if (source.getFile().isEmpty()
                        || List.of(source.getFile().split("/", -1)).contains("..")) {
                    throw KelpieException.invalidField(
                            field + ".file",
                            "'" + printable(source.getFile()) + "' is no path below a pool",
                            "give a path inside one of the hosts' pools, without '..'");
                }
            }
            case URL -> {
                if (!URL.matcher(source.getUrl()).matches()) {
                    throw KelpieException.invalidField(
                            field + ".url",
                            "'" + printable(source.getUrl()) + "' is no http or https URL",
                            "give http://… or https://…");
                }
                if (source.getSha256().isEmpty()) {
                    throw KelpieException.invalidField(
                            field + ".sha256", "is required for a URL", "give the file's digest: sha256sum prints it");
                }
            }
            case SOURCE_NOT_SET -> throw KelpieException.invalidField(field, "names no source", "give file or url");
        }
        if (!source.getSha256().isEmpty() && !SHA256.matcher(source.getSha256()).matches()) {
            throw KelpieException.invalidField(
                    field + ".sha256",
                    "'" + printable(source.getSha256()) + "' is no SHA-256 digest",
                    "give 64 digits 0-9 and a-f, as sha256sum prints them");
        }
    }

    private static void root(RootDisk root) {
        range("spec.vm.root.size", root.getSizeMib(), 1, MAX_DISK_MIB, " MiB");
        pool("spec.vm.root.pool", root.getPool());
    }

    private static void disks(VmTemplate vm) {
        if (vm.getDisksCount() > MAX_DISKS) {
            throw KelpieException.invalidField(
                    "spec.vm.disks", "has " + vm.getDisksCount() + " disks, the limit is " + MAX_DISKS, "give fewer");
        }
        Set<String> names = new HashSet<>(Set.of("root", "seed"));
        for (int i = 0; i < vm.getDisksCount(); i++) {
            DataDisk disk = vm.getDisks(i);
            String field = "spec.vm.disks[" + i + "]";
            name(field + ".name", disk.getName());
            if (disk.getName().length() > MAX_DISK_NAME) {
                throw KelpieException.invalidField(
                        field + ".name",
                        "has " + disk.getName().length() + " characters",
                        "give at most " + MAX_DISK_NAME + ": the guest sees the name as the disk's serial");
            }
            if (!names.add(disk.getName())) {
                boolean reserved =
                        disk.getName().equals("root") || disk.getName().equals("seed");
                throw KelpieException.invalidField(
                        field + ".name",
                        "'" + disk.getName() + "' " + (reserved ? "is reserved" : "is the name of another disk"),
                        "give each disk a name of its own");
            }
            known(field + ".bus", disk.getBus(), "virtio or ide");
            range(field + ".size", disk.getSizeMib(), 1, MAX_DISK_MIB, " MiB");
            pool(field + ".pool", disk.getPool());
        }
    }

    private static void pool(String field, String pool) {
        if (!pool.isEmpty()) {
            name(field, pool);
        }
    }

    private static void networks(VmTemplate vm) {
        if (vm.getNetworksCount() > MAX_NETWORKS) {
            throw KelpieException.invalidField(
                    "spec.vm.networks",
                    "has " + vm.getNetworksCount() + " interfaces, the limit is " + MAX_NETWORKS,
                    "give fewer");
        }
        for (int i = 0; i < vm.getNetworksCount(); i++) {
            String field = "spec.vm.networks[" + i + "]";
            if (vm.getNetworks(i).getBackendCase() == NetworkInterface.BackendCase.BACKEND_NOT_SET) {
                throw KelpieException.invalidField(field, "is connected to nothing", "give user: {}");
            }
            known(field + ".model", vm.getNetworks(i).getModel(), "virtio or e1000");
        }
    }

    private static void line(String field, String text, int maxLength) {
        if (text.length() > maxLength) {
            throw KelpieException.invalidField(
                    field, "has " + text.length() + " characters, the limit is " + maxLength, "make it shorter");
        }
        if (CONTROL.matcher(text).find()) {
            throw KelpieException.invalidField(field, "has control characters", "give one plain line");
        }
    }

    private static void text(String field, String text, int maxBytes) {
        int bytes = text.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > maxBytes) {
            throw KelpieException.invalidField(
                    field, "has " + bytes + " bytes, the limit is " + maxBytes, "let the guest fetch the rest itself");
        }
    }

    /** Refuses a constant of a newer client. */
    static void known(String field, Enum<?> constant, String words) {
        if (constant.name().equals(UNRECOGNIZED)) {
            throw KelpieException.invalidField(field, "is unknown", "give " + words);
        }
    }

    static void range(String field, long value, long min, long max, String unit) {
        if (value < min || value > max) {
            throw KelpieException.invalidField(
                    field,
                    Long.toUnsignedString(value) + unit + " is out of range",
                    "give " + min + " to " + max + unit);
        }
    }

    /** Foreign text for a message: short, and without anything that could forge a line of a log or a terminal. */
    static String printable(String text) {
        String shortened = text.length() > 80 ? text.substring(0, 80) + "…" : text;
        return CONTROL.matcher(shortened).replaceAll("?");
    }
}
