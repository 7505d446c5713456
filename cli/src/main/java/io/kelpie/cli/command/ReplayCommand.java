package io.kelpie.cli.command;

import io.kelpie.cli.CliException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Unmatched;

/** The launcher starts another program if {@code replay} is the first word; here, for the help, is what it is. */
@Command(
        name = "replay",
        description = {
            "Places a trace of VMs on a pool of hosts, both from files, without a cluster.",
            "Its own options: kelpie replay --help"
        })
final class ReplayCommand implements Callable<Integer> {
    @Unmatched
    @SuppressWarnings("unused") // taken so that the message below is the one that is seen
    private List<String> options = new ArrayList<>();

    @Override
    public Integer call() {
        throw CliException.usage(
                "replay is not the first word",
                "write: kelpie replay …, as it asks no cluster and has options of its own: kelpie replay --help");
    }
}
