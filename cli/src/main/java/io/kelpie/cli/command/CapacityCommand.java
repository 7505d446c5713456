package io.kelpie.cli.command;

import io.kelpie.cli.CliException;
import io.kelpie.cli.ExitCode;
import io.kelpie.cli.view.CapacityView;
import io.kelpie.proto.v1.Acceleration;
import io.kelpie.proto.v1.DeviceRequest;
import io.kelpie.proto.v1.GetCapacityRequest;
import io.kelpie.proto.v1.GetCapacityResponse;
import io.kelpie.proto.v1.Hugepages;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "capacity",
        description = {
            "Counts how many VMs of a kind fit, now and after the loss of hosts. Changes nothing.",
            "Exit code 6: none fits, or a VM of a lost host would find no other place."
        })
final class CapacityCommand extends Subcommand {
    private static final int MAX_LOST = 1_000;
    private static final int MAX_NUMA_NODES = 8;

    @Option(
            names = "--flavor",
            required = true,
            paramLabel = "VCPUSxMEMORY",
            converter = Flavor.Converter.class,
            description = "Size of each VM, e.g. 4x8Gi.")
    private Flavor flavor = Flavor.NONE;

    @Option(names = "--hugepages", paramLabel = "SIZE", description = "none, 2Mi or 1Gi. Default: none.")
    private String hugepages = "none";

    @Option(names = "--numa", paramLabel = "N", description = "Divided among so many NUMA nodes, 1 to 8.")
    private int numaNodes;

    @Option(
            names = "--device",
            paramLabel = "KIND=N",
            description = "Devices of its host, e.g. gpu=1. May be given several times.")
    private Map<String, Integer> devices = new LinkedHashMap<>();

    @Option(
            names = {"-l", "--selector"},
            split = ",",
            paramLabel = "KEY=VALUE",
            description = "Only on hosts with these labels.")
    private Map<String, String> labels = new LinkedHashMap<>();

    @Option(names = "--acceleration", paramLabel = "MODE", description = "kvm, tcg or any. Default: kvm.")
    private String acceleration = "kvm";

    @Option(
            names = "--lose",
            paramLabel = "N",
            description = "Lose the N hosts, or domains of --by, with the most memory; 1 to 1000.")
    private int lose;

    @Option(
            names = "--by",
            paramLabel = "LABEL",
            description = "What tells domains apart: host, or a label's key, e.g. rack. Default: host.")
    private String by = "host";

    @Mixin
    private AnswerOptions answer = new AnswerOptions();

    CapacityCommand(KelpieCommand root) {
        super(root);
    }

    @Override
    void run(Connection connection) {
        GetCapacityRequest.Builder request = GetCapacityRequest.newBuilder()
                .setVcpus(flavor.vcpus())
                .setMemoryMib(flavor.memoryMib())
                .setHugepages(hugepages())
                .setNumaNodes(inRange("--numa", numaNodes, MAX_NUMA_NODES))
                .putAllLabels(labels)
                .setAcceleration(Acceleration.newBuilder().setMode(mode()))
                .setLose(inRange("--lose", lose, MAX_LOST))
                .setBy(by);
        devices.forEach((kind, count) -> {
            if (count < 1) {
                throw CliException.usage("--device: " + kind + "=" + count + " is out of range", "give 1 or more");
            }
            request.addDevices(DeviceRequest.newBuilder().setKind(kind).setCount(count));
        });
        GetCapacityResponse capacity = connection.api().capacity(request.build());
        answer.print(capacity, told -> CapacityView.lines(flavor.toString(), by, told), terminal());
        requireRoom(capacity);
    }

    private void requireRoom(GetCapacityResponse capacity) {
        if (capacity.getStranded() > 0) {
            throw new CliException(
                    ExitCode.CANNOT_BE_PLACED,
                    capacity.getStranded() + " VMs of " + String.join(", ", capacity.getLostList())
                            + " would find no other place",
                    "add hosts, or move VMs of less importance elsewhere");
        }
        if (capacity.getFitsAfterLoss() == 0) {
            throw new CliException(
                    ExitCode.CANNOT_BE_PLACED,
                    "no VM of " + flavor + " fits" + (capacity.getLostCount() > 0 ? " after the loss" : ""),
                    CapacityView.firstFix(capacity));
        }
    }

    private static int inRange(String option, int value, int max) {
        if (value < 0 || value > max) {
            throw CliException.usage(option + ": " + value + " is out of range", "give 1 to " + max);
        }
        return value;
    }

    private Hugepages hugepages() {
        return switch (hugepages) {
            case "none" -> Hugepages.HUGEPAGES_NONE;
            case "2Mi" -> Hugepages.HUGEPAGES_2MI;
            case "1Gi" -> Hugepages.HUGEPAGES_1GI;
            default -> throw unknown("--hugepages", hugepages, "none, 2Mi or 1Gi");
        };
    }

    private Acceleration.Mode mode() {
        return switch (acceleration) {
            case "kvm" -> Acceleration.Mode.MODE_KVM;
            case "tcg" -> Acceleration.Mode.MODE_TCG;
            case "any" -> Acceleration.Mode.MODE_ANY;
            default -> throw unknown("--acceleration", acceleration, "kvm, tcg or any");
        };
    }

    private static CliException unknown(String option, String word, String words) {
        return CliException.usage(option + ": '" + word + "' is not known", "give " + words);
    }
}
