package io.kelpie.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.cli.testing.Kelpie;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What needs no cluster. */
class UsageTest {
    private final Kelpie kelpie = new Kelpie();

    @Test
    void helpNamesAllCommandsAndTheExitCodes() {
        Kelpie.Result result = kelpie.run("--help");

        assertThat(result.exitCode()).isZero();
        assertThat(result.err()).isEmpty();
        assertThat(result.out())
                .contains("apply", "get", "describe", "explain", "logs", "stop", "start", "restart", "scale", "delete")
                .contains("wait", "cordon", "uncordon", "cluster", "replay", "version", "completion")
                .contains("plan", "drain", "capacity", "rebalance")
                .contains("--controllers", "--context", "--namespace", "--request-timeout")
                .contains("8 controller unreachable");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "apply",
                "get",
                "describe",
                "explain",
                "logs",
                "stop",
                "scale",
                "delete",
                "wait",
                "cordon",
                "plan",
                "drain",
                "capacity",
                "rebalance"
            })
    void eachCommandHasHelp(String command) {
        Kelpie.Result result = kelpie.run(command, "--help");

        assertThat(result.exitCode()).isZero();
        assertThat(result.out())
                .startsWith("Usage: kelpie " + command)
                .doesNotContain("${", "$1", "$5", "$t")
                .contains("--request-timeout=TIME");
    }

    @Test
    void aMistypedCommandIsRecognised() {
        Kelpie.Result result = kelpie.run("aply", "-f", "x");

        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.out()).isEmpty();
        assertThat(result.err())
                .isEqualTo("error: kelpie: 'aply' is not known\nfix: did you mean 'apply'? Else see: kelpie --help\n");
    }

    @Test
    void missingPartsAreUsageErrors() {
        assertThat(kelpie.run().exitCode()).isEqualTo(2);
        assertThat(kelpie.run("get").exitCode()).isEqualTo(2);
        assertThat(kelpie.run("apply").exitCode()).isEqualTo(2);
        assertThat(kelpie.run("get", "vms", "-o", "xml").err()).contains("xml", "fix: see: kelpie get --help");
        assertThat(kelpie.run("get", "vms", "--request-timeout", "0s").exitCode())
                .isEqualTo(2);
        assertThat(kelpie.run("get", "vms").err()).startsWith("error: no controller is named\nfix: give --controllers");
    }

    @Test
    void versionNeedsNoController() {
        Kelpie.Result result = kelpie.run("version");

        assertThat(result.exitCode()).isZero();
        assertThat(result.out()).matches("kelpie .+, Java \\d+\n");
    }

    @Test
    void replayIsAProgramOfItsOwnThatTheLauncherStartsByTheFirstWord() {
        Kelpie.Result result = kelpie.run("--request-timeout", "5s", "replay", "--hosts", "hosts.csv");

        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.err())
                .isEqualTo("error: replay is not the first word\nfix: write: kelpie replay …, as it asks no cluster"
                        + " and has options of its own: kelpie replay --help\n");
    }

    @Test
    void completionForBash() {
        Kelpie.Result result = kelpie.run("completion", "bash");

        assertThat(result.exitCode()).isZero();
        assertThat(result.out())
                .startsWith("#!/usr/bin/env bash")
                .contains("uncordon", "replay", "rebalance", "--max-moves", "--dry-run");
        assertThat(kelpie.run("completion", "tcsh").exitCode()).isEqualTo(2);
    }
}
