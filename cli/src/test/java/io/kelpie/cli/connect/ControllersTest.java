package io.kelpie.cli.connect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import io.kelpie.cli.ExitCode;
import io.kelpie.cli.testing.FakeCluster;
import io.kelpie.cli.testing.FakeController;
import io.kelpie.cli.testing.Kelpie;
import io.kelpie.cli.testing.Samples;
import io.kelpie.proto.v1.ScaleJobRequest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Lost answers, changed leaders and absent controllers, over real TCP. */
class ControllersTest {
    private final FakeCluster cluster = new FakeCluster();
    private final FakeController one = new FakeController(cluster, "c1");
    private final FakeController two = new FakeController(cluster, "c2");
    private final Kelpie kelpie = new Kelpie();

    @BeforeEach
    void aJob() {
        cluster.put(Samples.job("web", 1));
    }

    @AfterEach
    void close() {
        one.close();
        two.close();
    }

    @Test
    void theLeadersAddressIsFollowedThoughItIsNotConfigured() {
        one.standBy(two.address());

        Kelpie.Result result = kelpie.at(one).run("scale", "job", "web", "3");

        assertThat(result).isEqualTo(new Kelpie.Result(0, "job/web scaled to 3\n", ""));
    }

    @Test
    void theNextAddressIsTriedWhenTheFirstDoesNotListen() throws IOException {
        String nobody = unusedAddress();

        Kelpie.Result result = kelpie.run("get", "jobs", "-o", "name", "--controllers", nobody + "," + two.address());

        assertThat(result).isEqualTo(new Kelpie.Result(0, "job/web\n", ""));
    }

    @Test
    void aWrongWordAboutTheLeaderIsSurvived() throws IOException {
        one.standBy(unusedAddress());

        assertThat(kelpie.at(one, two).run("scale", "job", "web", "3").exitCode())
                .isZero();
    }

    @Test
    void anElectionIsWaitedFor() {
        one.standBy(null);
        AtomicInteger pauses = new AtomicInteger();
        kelpie.pauses(length -> {
            if (pauses.incrementAndGet() == 3) {
                one.lead();
            }
        });

        assertThat(kelpie.at(one).run("get", "jobs", "-o", "name")).isEqualTo(new Kelpie.Result(0, "job/web\n", ""));
        assertThat(pauses).hasValue(3);
    }

    @Test
    void aChangeWhoseAnswerIsLostIsRepeatedUnderTheSameRequestIdAndHappensOnce() {
        one.loseNextAnswers(2);

        Kelpie.Result result = kelpie.at(one).run("scale", "job", "web", "3");

        assertThat(result).isEqualTo(new Kelpie.Result(0, "job/web scaled to 3\n", ""));
        assertThat(cluster.requests).hasSize(3).allMatch(request -> request.equals(cluster.requests.get(0)));
        assertThat(((ScaleJobRequest) cluster.requests.get(0)).getRequestId()).hasSize(36);
        assertThat(cluster.done).containsExactly("ScaleJobRequest");
    }

    @Test
    void aStoreWhoseAnswerIsLostIsAskedAgain() {
        one.answerOutcomeUnknown(1);

        assertThat(kelpie.at(one).run("scale", "job", "web", "3").exitCode()).isZero();
        assertThat(cluster.done).containsExactly("ScaleJobRequest");
    }

    @Test
    void aChangeWithoutAnyAnswerEndsAsUnknownNeverAsFailed() {
        one.loseNextAnswers(1_000);

        Kelpie.Result result =
                kelpie.at(one).run("scale", "job", "web", "3", "--request-timeout", "1s", "-n", "default");

        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.out()).isEmpty();
        assertThat(result.err())
                .isEqualTo("error: scale job 'web': outcome unknown: it was sent and may have been done, but no answer"
                        + " came within 1 s (" + one.address() + ": the connection was lost)\n"
                        + "fix: ask with: kelpie get jobs web\n");
        assertThat(cluster.done).containsExactly("ScaleJobRequest");
    }

    @Test
    void aControllerThatHangsLeavesTimeForTheOthers() {
        one.hang(1_000);

        Kelpie.Result result = kelpie.at(one, two).run("scale", "job", "web", "3", "--request-timeout", "3s");

        assertThat(result.exitCode()).isZero();
        assertThat(cluster.requests).hasSize(2);
        assertThat(cluster.done).containsExactly("ScaleJobRequest");
    }

    @Test
    void aControllerThatIsStoppedDelaysACommandByAMomentOnly() {
        one.hang(1_000);

        assertTimeout(
                Duration.ofSeconds(10),
                () -> assertThat(kelpie.at(one, two)
                                .run("scale", "job", "web", "3", "--request-timeout", "60s")
                                .exitCode())
                        .isZero());
    }

    @Test
    void aReadThatHangsEndsAsUnreachable() {
        one.hang(1_000);

        Kelpie.Result result = kelpie.at(one).run("get", "jobs", "--request-timeout", "1s");

        assertThat(result.exitCode()).isEqualTo(8);
        assertThat(result.err()).contains(one.address() + ": no answer in time");
    }

    @Test
    void aStoreThatCannotBeWrittenIsTriedAgainAndThenTold() {
        one.answerStoreUnavailable(1_000);

        Kelpie.Result result = kelpie.at(one).run("scale", "job", "web", "3", "--request-timeout", "1s");

        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.err())
                .isEqualTo("error: cannot scale job 'web': the store cannot be written now; nothing was changed\n"
                        + "fix: see the store's state with: kelpie cluster status; then try again\n");
        assertThat(cluster.done).isEmpty();
    }

    @Test
    void noControllerIsExitCode8AndNamesTheAddresses() throws IOException {
        String nobody = unusedAddress();
        String nobodyEither = unusedAddress();

        Kelpie.Result read = kelpie.run("get", "jobs", "--controllers", nobody + "," + nobodyEither);

        assertThat(read.exitCode()).isEqualTo(8);
        assertThat(read.err())
                .isEqualTo("error: cannot list jobs: no controller answers (" + nobody + ": connection refused; "
                        + nobodyEither + ": connection refused)\n"
                        + "fix: start a controller there, or name other addresses with --controllers host:port,… or in"
                        + " KELPIE_CONTROLLERS\n");
        Kelpie.Result change =
                kelpie.run("scale", "job", "web", "2", "--controllers", nobody, "--request-timeout", "1s");
        assertThat(change.exitCode()).isEqualTo(8);
        assertThat(change.err()).contains("connection refused); nothing was changed\n");
    }

    @Test
    void noLeaderIsExitCode8() {
        one.standBy(null);

        Kelpie.Result result = kelpie.at(one).run("get", "jobs", "--request-timeout", "1s");

        assertThat(result.exitCode()).isEqualTo(8);
        assertThat(result.err())
                .isEqualTo("error: cannot list jobs: no leading controller was reached within 1 s (" + one.address()
                        + ": does not lead)\nfix: see which controllers run with: kelpie cluster status\n");
    }

    @Test
    void aControllerThatAcceptsButNeverSpeaksIsUnreachable() throws IOException {
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Kelpie.Result result = kelpie.run(
                    "scale",
                    "job",
                    "web",
                    "2",
                    "--controllers",
                    "127.0.0.1:" + silent.getLocalPort(),
                    "--request-timeout",
                    "1s");

            assertThat(result.exitCode()).isEqualTo(8);
            assertThat(result.err()).contains("no connection in time); nothing was changed");
        }
    }

    @Test
    void theLeaderThatDiesUnderAChangeIsReplaced() {
        one.hang(1);
        AtomicInteger pauses = new AtomicInteger();
        two.standBy(one.address());
        kelpie.pauses(length -> {
            if (pauses.incrementAndGet() == 1) {
                one.close();
                two.lead();
            }
        });

        Kelpie.Result result = kelpie.at(one, two).run("scale", "job", "web", "4", "--request-timeout", "5s");

        assertThat(result.exitCode()).isZero();
        assertThat(cluster.done).containsExactly("ScaleJobRequest");
    }

    @Test
    void ctrlCWhileAChangeIsUnderWayIsAnUnknownOutcomeNeverAFailure() {
        one.hang(1_000);
        List<Optional<ExitCode>> exitCodes = new CopyOnWriteArrayList<>();
        cluster.onChange = () -> {
            if (exitCodes.isEmpty()) {
                kelpie.farewells().forEach(farewell -> exitCodes.add(farewell.say()));
            }
        };

        Kelpie.Result result = kelpie.at(one).run("scale", "job", "web", "3", "--request-timeout", "1s");

        assertThat(exitCodes).containsExactly(Optional.of(ExitCode.FAILED));
        assertThat(result.err())
                .startsWith("error: scale job 'web': interrupted, outcome unknown: it was sent and may have been done\n"
                        + "fix: ask with: kelpie get jobs web\n");
        assertThat(kelpie.farewells()).as("nothing is left to say").isEmpty();
    }

    @Test
    void ctrlCBetweenTwoAttemptsOfWhichOneWasSentIsUnknownToo() {
        one.loseNextAnswers(1);
        List<Optional<ExitCode>> exitCodes = new CopyOnWriteArrayList<>();
        kelpie.pauses(length -> kelpie.farewells().forEach(farewell -> exitCodes.add(farewell.say())));

        Kelpie.Result result = kelpie.at(one).run("scale", "job", "web", "3");

        assertThat(exitCodes).containsExactly(Optional.of(ExitCode.FAILED));
        assertThat(result.err()).contains("interrupted, outcome unknown: it was sent and may have been done");
    }

    @Test
    void ctrlCBeforeAnythingWasSentSaysSo() throws IOException {
        List<Optional<ExitCode>> exitCodes = new CopyOnWriteArrayList<>();
        kelpie.pauses(length -> {
            if (exitCodes.isEmpty()) {
                kelpie.farewells().forEach(farewell -> exitCodes.add(farewell.say()));
            }
        });

        Kelpie.Result result =
                kelpie.run("scale", "job", "web", "3", "--controllers", unusedAddress(), "--request-timeout", "1s");

        assertThat(exitCodes).containsExactly(Optional.of(ExitCode.FAILED));
        assertThat(result.err()).contains("no controller had answered yet, and it was probably not sent");
    }

    @Test
    void aReadThatIsInterruptedHasNothingToSay() {
        one.standBy(null);
        kelpie.pauses(length -> {
            assertThat(kelpie.farewells()).isEmpty();
            one.lead();
        });

        assertThat(kelpie.at(one).run("get", "jobs", "-o", "name").exitCode()).isZero();
    }

    @Test
    void aDefectAfterALostAnswerDoesNotMakeTheChangeAFailedOne() {
        one.loseNextAnswers(1);
        one.answerInternal(1);

        Kelpie.Result result = kelpie.at(one).run("scale", "job", "web", "3");

        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.err())
                .isEqualTo("error: scale job 'web': outcome unknown: it was sent and may have been done, but its answer"
                        + " was lost; asked again, the controller answered: a defect in Kelpie\n"
                        + "fix: ask with: kelpie get jobs web\n");
    }

    @Test
    void aRefusalAfterALostAnswerIsARefusal() {
        one.hangUndone(1);
        cluster.jobs.clear();

        Kelpie.Result result = kelpie.at(one, two).run("scale", "job", "web", "3", "--request-timeout", "3s");

        assertThat(result.exitCode()).isEqualTo(3);
        assertThat(result.err()).startsWith("error: cannot scale job 'web': there is no job 'web'");
    }

    private static String unusedAddress() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return "127.0.0.1:" + socket.getLocalPort();
        }
    }
}
