package io.kelpie.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.cli.testing.FakeCluster;
import io.kelpie.cli.testing.FakeController;
import io.kelpie.cli.testing.Kelpie;
import io.kelpie.cli.testing.Samples;
import io.kelpie.common.error.KelpieException;
import io.kelpie.proto.v1.ConfirmHostDeadRequest;
import io.kelpie.proto.v1.ErrorReason;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** host confirm-dead, host fence and host rm. */
class HostCommandTest {
    private final FakeCluster cluster = new FakeCluster();
    private final FakeController controller = new FakeController(cluster, "c1");
    private final Kelpie kelpie = new Kelpie().at(controller);

    @BeforeEach
    void aHost() {
        cluster.put(Samples.host("h1"));
    }

    @AfterEach
    void close() {
        controller.close();
    }

    static Stream<Arguments> commands() {
        return Stream.of(
                Arguments.of(
                        "confirm-dead",
                        "ConfirmHostDeadRequest",
                        "host/h1 confirmed dead, 3 VMs freed\n",
                        "describe host h1"),
                Arguments.of(
                        "fence", "FenceHostRequest", "host/h1 fenced: it is off, 3 VMs freed\n", "describe host h1"),
                Arguments.of("rm", "RemoveHostRequest", "host/h1 removed\n", "get hosts"));
    }

    @ParameterizedTest
    @MethodSource("commands")
    void doneWithoutAQuestionIfToldSo(String command, String request, String said) {
        cluster.affected = 3;

        assertThat(kelpie.run("host", command, "host/h1", "--yes")).isEqualTo(new Kelpie.Result(0, said, ""));
        assertThat(cluster.done).containsExactly(request);
    }

    @ParameterizedTest
    @MethodSource("commands")
    void doneWhenTheNameIsTyped(String command, String request, String said) {
        cluster.affected = 3;

        Kelpie.Result result = kelpie.onTerminal().input("h1\n").run("host", command, "h1");

        assertThat(result.exitCode()).isZero();
        assertThat(result.out()).isEqualTo(said);
        assertThat(result.err()).contains("host h1 is ").endsWith("Type the name h1 to go on: ");
        assertThat(cluster.done).containsExactly(request);
    }

    @ParameterizedTest
    @MethodSource("commands")
    void notDoneIfAnotherNameIsTyped(String command, String request, String said) {
        for (String typed : new String[] {"h2\n", "y\n", "\n", ""}) {
            Kelpie.Result result = kelpie.onTerminal().input(typed).run("host", command, "h1");

            assertThat(result.exitCode()).as(typed).isEqualTo(1);
            assertThat(result.out()).isEmpty();
            assertThat(result.err()).contains("not confirmed").contains("nothing was changed");
        }
        assertThat(cluster.requests).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("commands")
    void notDoneWithoutAPersonAndWithoutYes(String command, String request, String said) {
        Kelpie.Result result = kelpie.input("h1\n").run("host", command, "h1");

        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.err()).startsWith("error: not confirmed, and there is no terminal to ask at: host h1 is ");
        assertThat(result.err()).endsWith("fix: add --yes if that is meant\n");
        assertThat(cluster.requests).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("commands")
    void aLostAnswerIsAskedForAgainAndItHappensOnce(String command, String request) {
        cluster.affected = 3;
        controller.loseNextAnswers(2);

        assertThat(kelpie.run("host", command, "h1", "--yes").exitCode()).isZero();
        assertThat(cluster.requests).hasSize(3).allMatch(sent -> sent.equals(cluster.requests.get(0)));
        assertThat(cluster.done).containsExactly(request);
    }

    @ParameterizedTest
    @MethodSource("commands")
    void withoutAnyAnswerTheOutcomeIsUnknown(String command, String request, String said, String ask) {
        controller.loseNextAnswers(1_000);

        Kelpie.Result result = kelpie.run("host", command, "h1", "--yes", timeoutOption(command), "1s");

        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.out()).isEmpty();
        assertThat(result.err())
                .contains(
                        "host 'h1': outcome unknown: it was sent and may have been done, but no answer came within 1 s")
                .endsWith("fix: ask with: kelpie " + ask + "\n");
        assertThat(cluster.done).containsExactly(request);
    }

    /** A fence may take longer than other requests, and has a limit of its own. */
    private static String timeoutOption(String command) {
        return command.equals("fence") ? "--timeout" : "--request-timeout";
    }

    @Test
    void theDeathOfALivingHostIsRefusedWithWhoHeardItAndTheNextStep() {
        cluster.hostRefusal = new KelpieException(
                ErrorReason.ERROR_REASON_HOST_ALIVE,
                "controller c2 heard host h1 1200 ms ago",
                "if it is dead, ask again in 59 s",
                Map.of("controller", "c2", "millis_ago", "1200"));

        assertThat(kelpie.run("host", "confirm-dead", "h1", "--yes")).isEqualTo(new Kelpie.Result(1, "", """
                        error: cannot confirm the death of host 'h1': controller c2 heard host h1 1200 ms ago
                        fix: if it is dead, ask again in 59 s
                        """));
        assertThat(cluster.requests).as("a refusal is not repeated").hasSize(1);
        assertThat(cluster.requests.get(0)).isInstanceOf(ConfirmHostDeadRequest.class);
    }

    @Test
    void aFenceThatFailedIsToldWithThePlugInsOwnWords() {
        cluster.hostRefusal = new KelpieException(
                ErrorReason.ERROR_REASON_FENCE_FAILED,
                "the fence plug-in could not switch host h1 off: exit code 1: no route to BMC",
                "look at the BMC",
                Map.of());

        Kelpie.Result result = kelpie.run("host", "fence", "h1", "--yes");

        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.err()).contains("exit code 1: no route to BMC\n").endsWith("fix: look at the BMC\n");
        assertThat(cluster.done).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"confirm-dead", "fence", "rm"})
    void aHostThatIsNotThereIsNotFoundBeforeAnythingIsAsked(String command) {
        assertThat(kelpie.run("host", command, "h9", "--yes").exitCode()).isEqualTo(3);
        assertThat(kelpie.onTerminal().input("h9\n").run("host", command, "h9").exitCode())
                .isEqualTo(3);
        assertThat(cluster.done).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"host", "host confirm", "host confirm-dead", "host rm h1 h2 --yes", "host fence h1 --timeout x"})
    void wrongUsageIsExitCode2AndChangesNothing(String line) {
        Kelpie.Result result = kelpie.run(line.split(" "));

        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.err()).contains("fix: ");
        assertThat(cluster.requests).isEmpty();
    }

    @Test
    void hostsAreListedAsFenced() {
        cluster.put(Samples.host("h1").toBuilder()
                .setHealth(io.kelpie.proto.v1.HostHealth.HOST_HEALTH_FENCED)
                .setLeasedInstances(2)
                .build());

        assertThat(kelpie.run("get", "hosts").out()).contains("FENCED");
        assertThat(kelpie.run("get", "hosts", "-o", "wide").out())
                .contains("LEASED")
                .contains("LEASE");
    }
}
