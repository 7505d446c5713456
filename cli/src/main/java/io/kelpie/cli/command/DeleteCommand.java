package io.kelpie.cli.command;

import io.kelpie.cli.CliException;
import io.kelpie.cli.ExitCode;
import io.kelpie.proto.v1.DeleteJobResponse;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "delete", description = "Deletes jobs with their VMs. Kept disks stay unless --delete-disks is given.")
final class DeleteCommand extends Subcommand {
    @Parameters(
            hideParamSyntax = true,
            arity = "1..*",
            paramLabel = "job NAME…",
            description = "The jobs; or job/NAME.")
    private List<String> words = new ArrayList<>();

    @Option(names = "--delete-disks", description = "Delete kept disks too. Their data is lost.")
    private boolean deleteDisks;

    DeleteCommand(KelpieCommand root) {
        super(root);
    }

    @Override
    void run(Connection connection) {
        List<Named> named = Named.parse(words, EnumSet.of(Kind.JOB, Kind.VM));
        for (Named object : named) {
            if (object.kind() == Kind.VM) {
                throw refused(object.name(), connection.inNamespace());
            }
        }
        each(named, object -> {
            DeleteJobResponse response = connection.api().deleteJob(connection.namespace(), object.name(), deleteDisks);
            terminal().line(object + " deletion requested");
            if (response.getKeptDisksCount() > 0) {
                terminal().note("note: kept disks stay on their hosts:");
                response.getKeptDisksList().forEach(disk -> terminal().note("  " + disk));
            }
        });
    }

    /** A job would make the VM anew at once: its count has to change. */
    private static CliException refused(String vm, String inNamespace) {
        int dash = vm.lastIndexOf('-');
        String job = dash > 0 ? vm.substring(0, dash) : "JOB";
        return new CliException(
                ExitCode.FAILED,
                "cannot delete vm '" + vm + "': it belongs to job '" + job + "', which would make it again",
                "remove the highest ordinals with: kelpie scale job " + job + " N" + inNamespace
                        + "; or the whole job with: kelpie delete job " + job + inNamespace);
    }
}
