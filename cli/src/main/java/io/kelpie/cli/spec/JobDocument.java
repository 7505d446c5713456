package io.kelpie.cli.spec;

import io.kelpie.common.units.ByteSizes;
import io.kelpie.common.units.Durations;
import io.kelpie.proto.v1.Boot;
import io.kelpie.proto.v1.CloudInit;
import io.kelpie.proto.v1.Cpu;
import io.kelpie.proto.v1.DataDisk;
import io.kelpie.proto.v1.DeviceRequest;
import io.kelpie.proto.v1.Hugepages;
import io.kelpie.proto.v1.ImageSource;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.NetworkInterface;
import io.kelpie.proto.v1.OnHostFailure;
import io.kelpie.proto.v1.RootDisk;
import io.kelpie.proto.v1.VmTemplate;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/** Writes a job spec as the tree of a job file: {@link JobSpecParser} reads the same spec from it. */
public final class JobDocument {
    private JobDocument() {}

    public static Map<String, Object> of(JobSpec spec) {
        Map<String, Object> metadata = new LinkedHashMap<>();
        metadata.put("name", spec.getName());
        metadata.put("namespace", spec.getNamespace());
        if (spec.getLabelsCount() > 0) {
            metadata.put("labels", new TreeMap<>(spec.getLabelsMap()));
        }
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("replicas", spec.getReplicas());
        if (spec.hasPriority()) {
            body.put("priority", spec.getPriority());
        }
        if (spec.getMaxUnavailable() != 0) {
            body.put("maxUnavailable", spec.getMaxUnavailable());
        }
        body.put("restart", restart(spec));
        if (spec.getOnHostFailure() != OnHostFailure.ON_HOST_FAILURE_UNSPECIFIED) {
            body.put("onHostFailure", Words.ON_HOST_FAILURE.word(spec.getOnHostFailure()));
        }
        Map<String, Object> placement = PlacementDocument.of(spec.getPlacement());
        if (!placement.isEmpty()) {
            body.put("placement", placement);
        }
        body.put("vm", vm(spec.getVm()));
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("apiVersion", JobSpecParser.API_VERSION);
        document.put("kind", JobSpecParser.KIND);
        document.put("metadata", metadata);
        document.put("spec", body);
        return document;
    }

    private static Map<String, Object> restart(JobSpec spec) {
        Map<String, Object> restart = new LinkedHashMap<>();
        restart.put("policy", Words.RESTART.word(spec.getRestart().getPolicy()));
        restart.put("attempts", spec.getRestart().getAttempts());
        restart.put("window", Durations.formatSeconds(spec.getRestart().getWindowSeconds()));
        return restart;
    }

    /** The part below {@code spec.vm}. */
    public static Map<String, Object> vm(VmTemplate template) {
        Map<String, Object> vm = new LinkedHashMap<>();
        vm.put("vcpus", template.getVcpus());
        vm.put("memory", ByteSizes.formatMib(template.getMemoryMib()));
        if (template.getHugepages() != Hugepages.HUGEPAGES_UNSPECIFIED) {
            vm.put("hugepages", Words.HUGEPAGES.word(template.getHugepages()));
        }
        if (template.hasNuma()) {
            vm.put("numa", Map.of("nodes", template.getNuma().getNodes()));
        }
        if (template.hasCpu()) {
            vm.put("cpu", cpu(template.getCpu()));
        }
        if (template.getDevicesCount() > 0) {
            vm.put(
                    "devices",
                    template.getDevicesList().stream().map(JobDocument::device).toList());
        }
        Map<String, Object> acceleration = new LinkedHashMap<>();
        acceleration.put("mode", Words.MODE.word(template.getAcceleration().getMode()));
        acceleration.put("paging", Words.PAGING.word(template.getAcceleration().getPaging()));
        vm.put("acceleration", acceleration);
        vm.put("boot", boot(template.getBoot()));
        if (template.hasRoot()) {
            vm.put("root", root(template.getRoot()));
        }
        if (template.getDisksCount() > 0) {
            vm.put(
                    "disks",
                    template.getDisksList().stream().map(JobDocument::disk).toList());
        }
        if (template.getNetworksCount() > 0) {
            vm.put(
                    "networks",
                    template.getNetworksList().stream()
                            .map(JobDocument::network)
                            .toList());
        }
        if (template.hasCloudInit()) {
            vm.put("cloudInit", cloudInit(template.getCloudInit()));
        }
        vm.put("stop", Map.of("graceSeconds", template.getStop().getGraceSeconds()));
        vm.put("driver", Words.DRIVER.word(template.getDriver()));
        return vm;
    }

    private static Map<String, Object> cpu(Cpu cpu) {
        Map<String, Object> map = new LinkedHashMap<>();
        if (!cpu.getModel().isEmpty()) {
            map.put("model", cpu.getModel());
        }
        map.put("nested", cpu.getNested());
        return map;
    }

    private static Map<String, Object> device(DeviceRequest device) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("kind", device.getKind());
        map.put("count", device.getCount());
        return map;
    }

    private static Map<String, Object> boot(Boot boot) {
        Map<String, Object> map = new LinkedHashMap<>();
        if (boot.hasImage()) {
            map.put("image", source(boot.getImage()));
        }
        if (boot.hasKernel()) {
            map.put("kernel", source(boot.getKernel()));
        }
        if (boot.hasInitrd()) {
            map.put("initrd", source(boot.getInitrd()));
        }
        if (!boot.getCmdline().isEmpty()) {
            map.put("cmdline", boot.getCmdline());
        }
        return map;
    }

    private static Map<String, Object> source(ImageSource source) {
        Map<String, Object> map = new LinkedHashMap<>();
        switch (source.getSourceCase()) {
            case FILE -> map.put("file", source.getFile());
            case URL -> map.put("url", source.getUrl());
            case SOURCE_NOT_SET -> {}
        }
        if (!source.getSha256().isEmpty()) {
            map.put("sha256", source.getSha256());
        }
        return map;
    }

    private static Map<String, Object> root(RootDisk root) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("size", ByteSizes.formatMib(root.getSizeMib()));
        map.put("keep", root.getKeep());
        map.put("pool", pool(root.getPool()));
        return map;
    }

    private static Map<String, Object> disk(DataDisk disk) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("name", disk.getName());
        map.put("size", ByteSizes.formatMib(disk.getSizeMib()));
        map.put("bus", Words.BUS.word(disk.getBus()));
        map.put("pool", pool(disk.getPool()));
        map.put("keep", disk.getKeep());
        return map;
    }

    private static String pool(String pool) {
        return pool.isEmpty() ? "default" : pool;
    }

    private static Map<String, Object> network(NetworkInterface network) {
        Map<String, Object> map = new LinkedHashMap<>();
        if (network.hasUser()) {
            map.put("user", Map.of());
        }
        map.put("model", Words.MODEL.word(network.getModel()));
        return map;
    }

    private static Map<String, Object> cloudInit(CloudInit cloudInit) {
        Map<String, Object> map = new LinkedHashMap<>();
        if (!cloudInit.getUserData().isEmpty()) {
            map.put("userData", Map.of("inline", cloudInit.getUserData()));
        }
        if (!cloudInit.getNetworkConfig().isEmpty()) {
            map.put("networkConfig", Map.of("inline", cloudInit.getNetworkConfig()));
        }
        return map;
    }
}
