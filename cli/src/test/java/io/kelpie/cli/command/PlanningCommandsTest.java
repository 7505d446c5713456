package io.kelpie.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.cli.testing.FakeCluster;
import io.kelpie.cli.testing.FakeController;
import io.kelpie.cli.testing.Kelpie;
import io.kelpie.cli.testing.Samples;
import io.kelpie.proto.v1.Acceleration;
import io.kelpie.proto.v1.ApplyJobResponse;
import io.kelpie.proto.v1.Balance;
import io.kelpie.proto.v1.CapacityDomain;
import io.kelpie.proto.v1.Decision;
import io.kelpie.proto.v1.DeviceRequest;
import io.kelpie.proto.v1.DrainedVm;
import io.kelpie.proto.v1.ExplainVmRequest;
import io.kelpie.proto.v1.ExplainVmResponse;
import io.kelpie.proto.v1.GetCapacityRequest;
import io.kelpie.proto.v1.GetCapacityResponse;
import io.kelpie.proto.v1.HostScore;
import io.kelpie.proto.v1.Hugepages;
import io.kelpie.proto.v1.LeftOut;
import io.kelpie.proto.v1.Move;
import io.kelpie.proto.v1.MoveProgress;
import io.kelpie.proto.v1.PlanJobResponse;
import io.kelpie.proto.v1.PlannedVm;
import io.kelpie.proto.v1.PreviewDrainRequest;
import io.kelpie.proto.v1.RebalanceGoal;
import io.kelpie.proto.v1.RebalanceRequest;
import io.kelpie.proto.v1.RebalanceResponse;
import io.kelpie.proto.v1.RuleOutcome;
import io.kelpie.proto.v1.ScorePart;
import io.kelpie.proto.v1.SmallestFix;
import io.kelpie.proto.v1.VmName;
import io.kelpie.proto.v1.VmState;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** plan, explain --live, drain, capacity and rebalance. */
class PlanningCommandsTest {
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

    private static Decision on(String host) {
        return Decision.newBuilder()
                .setHostId("id-" + host)
                .setHostName(host)
                .setScore(87)
                .setHostsConsidered(3)
                .build();
    }

    // plan

    private Kelpie.Result plan(String... more) {
        String[] args = new String[3 + more.length];
        args[0] = "plan";
        args[1] = "-f";
        args[2] = "-";
        System.arraycopy(more, 0, args, 3, more.length);
        return kelpie.input(Samples.jobFile("web")).run(args);
    }

    @Test
    void aPlanShowsEachVmsPlace() {
        cluster.plan = PlanJobResponse.newBuilder()
                .setOutcome(ApplyJobResponse.Outcome.OUTCOME_UPDATED)
                .addPlaced(PlannedVm.newBuilder()
                        .setName("web-2")
                        .setDecision(on("h1"))
                        .addPreempted(VmName.newBuilder().setNamespace("shop").setName("batch-3")))
                .setUnchanged(2)
                .setOutdated(1)
                .setRemoved(3)
                .build();

        assertThat(plan()).isEqualTo(new Kelpie.Result(0, """
                        job/web would be updated: 1 VM placed, 2 unchanged (1 with an earlier spec), 3 removed

                        VM      HOST   SCORE   NOTE
                        web-2   h1     87      instead of shop/batch-3
                        """, ""));
        assertThat(cluster.done).as("nothing is changed").isEmpty();
    }

    @Test
    void aVmWithoutAPlaceIsExitCode6WithItsRulesAndTheFirstFix() {
        cluster.plan = PlanJobResponse.newBuilder()
                .setOutcome(ApplyJobResponse.Outcome.OUTCOME_CREATED)
                .addPlaced(PlannedVm.newBuilder().setName("web-0").setDecision(on("h1")))
                .addPlaced(PlannedVm.newBuilder().setName("web-1").setDecision(Samples.noHost()))
                .build();

        assertThat(plan()).isEqualTo(new Kelpie.Result(6, """
                        job/web would be created: 1 VM placed, 1 without a place, 0 unchanged

                        VM      HOST   SCORE   NOTE
                        web-0   h1     87      -
                        web-1   -      -       memory (2), cordon (1)

                        why web-1 would find no place:
                        RULE     HOSTS REMOVED   NEAREST   ASKED       FREE       SHORTFALL   FIX
                        memory   2               h1        65536 MiB   7100 MiB   58436 MiB   ask for 6800Mi or less
                        cordon   1               -         -           -          -           kelpie uncordon h2
                        """, """
                        error: job 'web': 1 of 2 VMs would find no place
                        fix: ask for 6800Mi or less
                        """));
    }

    @Test
    void aPlanIsADocumentToo() {
        cluster.plan = PlanJobResponse.newBuilder()
                .addPlaced(PlannedVm.newBuilder().setName("web-0").setDecision(on("h1")))
                .build();

        assertThat(plan("-o", "json").out())
                .startsWith("{")
                .contains("\"name\": \"web\"", "\"hostName\": \"h1\"", "\"score\": 87");
        assertThat(plan("-o", "yaml").out()).startsWith("namespace: default\nname: web\n");
        assertThat(plan("-o", "name").exitCode()).isEqualTo(2);
    }

    @Test
    void aBadJobFileIsNotSent() {
        Kelpie.Result result =
                kelpie.input("apiVersion: kelpie/v1\nkind: Jib\n").run("plan", "-f", "-");

        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.err()).contains("kind").contains("fix: ");
        assertThat(cluster.requests).isEmpty();
    }

    // explain

    @Test
    void explainShowsScoresPastDecisionsAndALiveOne() {
        Decision placed = on("h1").toBuilder()
                .setAtMillis(Kelpie.NOW - 2_000)
                .setWhy("2 of 3 hosts pass every rule; h1 costs least, 1.50 points; h2 costs 7.00, most of it for room")
                .addBest(HostScore.newBuilder()
                        .setHostName("h1")
                        .setCostHundredths(150)
                        .addParts(ScorePart.newBuilder().setName("room").setCostHundredths(150)))
                .addBest(HostScore.newBuilder()
                        .setHostName("h2")
                        .setCostHundredths(700)
                        .addParts(ScorePart.newBuilder().setName("room").setCostHundredths(605))
                        .addParts(ScorePart.newBuilder().setName("images").setCostHundredths(95)))
                .build();
        cluster.explained = ExplainVmResponse.newBuilder()
                .setVm(Samples.vm("web", 0, VmState.VM_STATE_RUNNING, "h1"))
                .setDecision(placed)
                .addPastDecisions(Samples.noHost())
                .setLiveDecision(Decision.newBuilder()
                        .setHostsConsidered(3)
                        .setSmallestFix(SmallestFix.newBuilder()
                                .setHostName("h2")
                                .addChanges("uncordon it")
                                .addChanges("free 1Gi")))
                .build();

        assertThat(kelpie.run("explain", "vm", "web-0", "--live").out()).isEqualTo("""
                        vm:       default/web-0
                        state:    RUNNING
                        host:     h1
                        decision: chose h1 (score 87), 3 hosts considered, 2s ago

                        why: 2 of 3 hosts pass every rule; h1 costs least, 1.50 points; h2 costs 7.00, most of it for room

                        BEST HOSTS   COST   ROOM   IMAGES
                        h1           1.50   1.50   -
                        h2           7.00   6.05   0.95

                        before that:
                          none can take it, 3 hosts considered, 1s ago: memory (2), cordon (1)

                        if it were decided on now: none can take it, 3 hosts considered

                        smallest fix: on h2: uncordon it; and free 1Gi
                        """);
        assertThat(cluster.requests)
                .containsExactly(ExplainVmRequest.newBuilder()
                        .setNamespace("default")
                        .setName("web-0")
                        .setLive(true)
                        .build());
        assertThat(kelpie.run("explain", "vm", "web-0", "-o", "json").out()).contains("\"pastDecisions\"");
    }

    // drain

    private void threeVms() {
        cluster.drained = List.of(
                drained("web-0", 1).setDecision(on("h2")).build(),
                drained("web-1", 2)
                        .setDecision(on("h3"))
                        .setReason("waits for the waves before")
                        .build(),
                drained("db-0", 0).setReason("keeps disk root there").build());
    }

    private static DrainedVm.Builder drained(String name, int wave) {
        return DrainedVm.newBuilder().setNamespace("default").setName(name).setWave(wave);
    }

    @Test
    void aDryDrainShowsTheWavesAndChangesNothing() {
        threeVms();

        assertThat(kelpie.run("drain", "host/h1", "--dry-run", "--at-once", "2"))
                .isEqualTo(new Kelpie.Result(6, """
                        host/h1: 2 of 3 VMs would move, in 2 waves

                        WAVE   VM              TO   NOTE
                        1      default/web-0   h2   -
                        2      default/web-1   h3   waits for the waves before
                        -      default/db-0    -    keeps disk root there
                        """, """
                        error: 1 VM stays on host 'h1'
                        fix: see why above; stop them, or make room, and drain again
                        """));
        assertThat(cluster.requests)
                .containsExactly(PreviewDrainRequest.newBuilder()
                        .setHost("h1")
                        .setAtOnce(2)
                        .build());
        assertThat(cluster.done).isEmpty();
    }

    @Test
    void aVmThatNoHostTakesIsToldWithItsRules() {
        cluster.drained = List.of(drained("web-0", 0)
                .setReason("is taken by no other host now")
                .setDecision(Samples.noHost())
                .build());

        assertThat(kelpie.run("drain", "h1", "--dry-run").out())
                .contains("-      default/web-0   -    is taken by no other host now: memory (2), cordon (1)\n");
    }

    @Test
    void aDrainBeginsAndSaysHowToFollowIt() {
        cluster.drained = List.of(drained("web-0", 1).setDecision(on("h2")).build());

        assertThat(kelpie.run("drain", "h1"))
                .isEqualTo(
                        new Kelpie.Result(0, """
                        host/h1 cordoned: 1 of 1 VM moves

                        WAVE   VM              TO   NOTE
                        1      default/web-0   h2   -
                        """, "follow it with: kelpie cluster status, kelpie describe host h1\n"));
        assertThat(cluster.done).containsExactly("DrainHostRequest");
    }

    @Test
    void aDrainIsWaitedForUntilItsSummary() {
        cluster.drained = List.of(drained("web-0", 1).setDecision(on("h2")).build());
        cluster.events.add(Samples.event(1, "host/h1", "DrainEnded", "an earlier one"));
        cluster.moves.add(moving("drain host/h1", 0, 1));
        cluster.moves.add(moving("drain host/h1", 0, 1));
        Kelpie waiting = kelpie.pauses(
                pause -> cluster.events.add(Samples.event(9, "host/h1", "DrainEnded", "1 of 1 VM moved")));

        Kelpie.Result result = waiting.run("drain", "h1", "--wait");

        assertThat(result.exitCode()).isZero();
        assertThat(result.out()).endsWith("drain host/h1: 1 of 1 VM moved\n");
        assertThat(result.err()).isEqualTo("0 of 1 moved, 1 on their way, 0 left\n");
    }

    @Test
    void aDocumentStaysOneWhenTheEndIsWaitedFor() {
        cluster.rebalance = twoMoves();
        cluster.moves.add(moving("rebalance", 0, 2));
        Kelpie waiting = kelpie.pauses(
                pause -> cluster.events.add(Samples.event(9, "cluster", "RebalanceEnded", "2 of 2 VMs moved")));

        Kelpie.Result result = waiting.run("rebalance", "--apply", "--goal", "even", "--wait", "-o", "json");

        assertThat(result.out()).startsWith("{").endsWith("}\n");
        assertThat(result.err()).endsWith("rebalance: 2 of 2 VMs moved\n");
    }

    @Test
    void aDrainThatItsLeaderDidNotEndIsSaidToBeLost() {
        cluster.drained = List.of(drained("web-0", 1).setDecision(on("h2")).build());

        Kelpie.Result result = kelpie.run("drain", "h1", "--wait");

        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.err())
                .contains("another one leads now, which does not go on with it")
                .contains("fix: ");
    }

    private static MoveProgress moving(String what, int done, int underWay) {
        return MoveProgress.newBuilder()
                .setWhat(what)
                .setTotal(done + underWay)
                .setDone(done)
                .setUnderWay(underWay)
                .build();
    }

    @Test
    void theStatusShowsWhatIsMoving() {
        cluster.moves.add(moving("rebalance", 3, 2));

        assertThat(kelpie.run("cluster", "status").out())
                .contains("moving:  rebalance: 3 of 5 moved, 2 on their way, 0 left\n");
    }

    // capacity

    @Test
    void capacityTellsWhatFitsNowAndAfterALoss() {
        cluster.capacity = GetCapacityResponse.newBuilder()
                .setFitsNow(11)
                .setFitsAfterLoss(4)
                .setHosts(3)
                .addLost("a")
                .setRestarted(5)
                .setGone(1)
                .setLimitingRule("memory")
                .addDomains(domain("a", 2, 7, 0))
                .addDomains(domain("", 1, 4, 4))
                .addRules(RuleOutcome.newBuilder()
                        .setRule("memory")
                        .setHostsRemoved(3)
                        .setFix("free 1Gi"))
                .build();

        assertThat(kelpie.run(
                        "capacity",
                        "--flavor",
                        "4x8Gi",
                        "--lose",
                        "1",
                        "--by",
                        "zone",
                        "--hugepages",
                        "2Mi",
                        "--numa",
                        "2",
                        "--device",
                        "gpu=1",
                        "-l",
                        "disk=ssd",
                        "--acceleration",
                        "any"))
                .isEqualTo(new Kelpie.Result(0, """
                        flavor:     4x8Gi
                        fits now:   11, on 3 hosts
                        lost:       zone a
                        their VMs:  5 restarted elsewhere, 0 without a place, 1 gone with their hosts
                        fits then:  4
                        limited by: memory

                        ZONE   HOSTS   FITS NOW   FITS THEN
                        a      2       7          0
                        -      1       4          4

                        why one more does not fit now:
                        RULE     HOSTS REMOVED   NEAREST   ASKED   FREE   SHORTFALL   FIX
                        memory   3               -         -       -      -           free 1Gi
                        """, ""));
        assertThat(cluster.requests)
                .containsExactly(GetCapacityRequest.newBuilder()
                        .setVcpus(4)
                        .setMemoryMib(8192)
                        .setHugepages(Hugepages.HUGEPAGES_2MI)
                        .setNumaNodes(2)
                        .addDevices(DeviceRequest.newBuilder().setKind("gpu").setCount(1))
                        .putLabels("disk", "ssd")
                        .setAcceleration(Acceleration.newBuilder().setMode(Acceleration.Mode.MODE_ANY))
                        .setLose(1)
                        .setBy("zone")
                        .build());
    }

    private static CapacityDomain.Builder domain(String name, int hosts, int now, int then) {
        return CapacityDomain.newBuilder()
                .setName(name)
                .setHosts(hosts)
                .setFitsNow(now)
                .setFitsAfterLoss(then);
    }

    @Test
    void whatDoesNotFitIsExitCode6() {
        cluster.capacity = GetCapacityResponse.newBuilder()
                .setHosts(1)
                .setLimitingRule("memory")
                .addRules(RuleOutcome.newBuilder().setRule("memory").setFix("free 1Gi"))
                .build();
        Kelpie.Result none = kelpie.run("capacity", "--flavor", "1x1Gi");
        assertThat(none.exitCode()).isEqualTo(6);
        assertThat(none.err()).isEqualTo("error: no VM of 1x1Gi fits\nfix: free 1Gi\n");

        cluster.capacity = GetCapacityResponse.newBuilder()
                .setFitsAfterLoss(3)
                .addLost("h1")
                .setStranded(2)
                .build();
        Kelpie.Result stranded = kelpie.run("capacity", "--flavor", "1x1Gi", "--lose", "1", "-o", "yaml");
        assertThat(stranded.exitCode()).isEqualTo(6);
        assertThat(stranded.out()).contains("stranded: 2\n");
        assertThat(stranded.err()).startsWith("error: 2 VMs of h1 would find no other place\n");
    }

    // rebalance

    @Test
    void aDryRebalanceShowsMovesGainsAndWhatWasLeftAlone() {
        cluster.rebalance = twoMoves();

        assertThat(kelpie.run("rebalance", "--dry-run", "--goal", "even", "--max-moves", "7"))
                .isEqualTo(new Kelpie.Result(0, """
                        2 VMs would move, in 2 waves; there may be more to gain with further moves

                        WAVE   VM              FROM   TO   GAIN     BY
                        1      default/web-0   h1     h2   12.5 %   h1 falls from 90 % to 77.5 %
                        2      shop/db-1       h1     h3   5.0 %    -

                                       BEFORE   AFTER
                        hosts          3        3
                        with VMs       3        2
                        least load     10.0 %   40.0 %
                        highest load   90.0 %   72.5 %
                        deviation      33.1 %   12.0 %

                        emptied: h9

                        left alone:
                        HOST   VM             REASON
                        h1     default/db-0   keeps disk root there
                        h4     -              holds more than its VMs do
                        """, ""));
        RebalanceRequest sent = (RebalanceRequest) cluster.requests.get(0);
        assertThat(sent.getDryRun()).isTrue();
        assertThat(sent.getGoal()).isEqualTo(RebalanceGoal.REBALANCE_GOAL_EVEN);
        assertThat(sent.getMaxMoves()).isEqualTo(7);
        assertThat(cluster.done).isEmpty();
    }

    private static RebalanceResponse twoMoves() {
        return RebalanceResponse.newBuilder()
                .addMoves(Move.newBuilder()
                        .setNamespace("default")
                        .setName("web-0")
                        .setFromHost("h1")
                        .setToHost("h2")
                        .setWave(1)
                        .setGainBasisPoints(1_250)
                        .setGain("h1 falls from 90 % to 77.5 %"))
                .addMoves(Move.newBuilder()
                        .setNamespace("shop")
                        .setName("db-1")
                        .setFromHost("h1")
                        .setToHost("h3")
                        .setWave(2)
                        .setGainBasisPoints(500))
                .setBefore(Balance.newBuilder()
                        .setHosts(3)
                        .setCarrying(3)
                        .setLeastBasisPoints(1_000)
                        .setMostBasisPoints(9_000)
                        .setDeviationBasisPoints(3_310))
                .setAfter(Balance.newBuilder()
                        .setHosts(3)
                        .setCarrying(2)
                        .setLeastBasisPoints(4_000)
                        .setMostBasisPoints(7_250)
                        .setDeviationBasisPoints(1_200))
                .addEmptiedHosts("h9")
                .addLeftOut(LeftOut.newBuilder()
                        .setHost("h1")
                        .setNamespace("default")
                        .setName("db-0")
                        .setReason("keeps disk root there"))
                .addLeftOut(LeftOut.newBuilder().setHost("h4").setReason("holds more than its VMs do"))
                .build();
    }

    @Test
    void aRebalanceBeginsOnlyIfItIsToldTo() {
        cluster.rebalance = twoMoves().toBuilder().setComplete(true).build();

        Kelpie.Result result = kelpie.run("rebalance", "--apply", "--goal", "empty-hosts");

        assertThat(result.exitCode()).isZero();
        assertThat(result.out()).startsWith("2 VMs move, in 2 waves\n");
        assertThat(result.err()).isEqualTo("follow it with: kelpie cluster status, kelpie get events\n");
        assertThat(cluster.done).containsExactly("RebalanceRequest");
    }

    @Test
    void aRebalanceIsStopped() {
        assertThat(kelpie.run("rebalance", "--stop"))
                .isEqualTo(new Kelpie.Result(0, "no rebalance is under way\n", ""));
        cluster.moves.add(moving("rebalance", 3, 2));
        assertThat(kelpie.run("rebalance", "--stop"))
                .isEqualTo(new Kelpie.Result(0, "rebalance ends: 3 of 5 moved, 2 on their way, 0 left\n", ""));
        assertThat(cluster.done).containsExactly("StopRebalanceRequest", "StopRebalanceRequest");
    }

    @Test
    void whereNothingIsGainedNothingIsWaitedFor() {
        Kelpie.Result result = kelpie.run("rebalance", "--apply", "--goal", "even", "--wait");

        assertThat(result.exitCode()).isZero();
        assertThat(result.out()).startsWith("no move is worth it\n");
    }

    // bad input

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "plan | --file",
                "plan -f nowhere.yaml | -f: there is no file",
                "plan -f - -o xml | xml",
                "explain vm | no vm is named",
                "explain host h1 --live | is no kind of object here",
                "drain | HOST",
                "drain h1 h2 | is not known",
                "drain h1 --at-once 0x | --at-once",
                "drain h1 --at-once -1 | --at-once: -1 is out of range",
                "drain h1 --at-once 101 | --at-once: 101 is out of range",
                "drain h1 --dry-run --wait | --wait: nothing is moved with --dry-run",
                "drain h1 --wait --timeout 0s | --timeout",
                "capacity | --flavor",
                "capacity --flavor 4 | is not a size of VMs",
                "capacity --flavor 0x8Gi | is not a size of VMs",
                "capacity --flavor 4x8GB | is not a size of VMs",
                "capacity --flavor 4x-1Gi | is not a size of VMs",
                "capacity --flavor 1x1Gi --lose -1 | --lose: -1 is out of range",
                "capacity --flavor 1x1Gi --lose 1001 | --lose: 1001 is out of range",
                "capacity --flavor 1x1Gi --numa 9 | --numa: 9 is out of range",
                "capacity --flavor 1x1Gi --hugepages 4Mi | --hugepages: '4Mi' is not known",
                "capacity --flavor 1x1Gi --acceleration xen | --acceleration: 'xen' is not known",
                "capacity --flavor 1x1Gi --device gpu=0 | --device: gpu=0 is out of range",
                "capacity --flavor 1x1Gi --device gpu | --device",
                "rebalance | --dry-run",
                "rebalance --goal even | --dry-run",
                "rebalance --dry-run --apply --goal even | --apply",
                "rebalance --dry-run | --goal: is missing",
                "rebalance --stop --goal even | --stop: another option says what to move",
                "rebalance --stop --apply | --apply",
                "rebalance --stop --dry-run | --dry-run",
                "rebalance --dry-run --goal odd | --goal: 'odd' is not known",
                "rebalance --dry-run --goal even --max-moves -1 | --max-moves: -1 is out of range",
                "rebalance --dry-run --goal even --max-moves 1001 | --max-moves: 1001 is out of range",
                "rebalance --apply --goal even --at-once 101 | --at-once: 101 is out of range",
                "rebalance --dry-run --goal even --wait | --wait: nothing is moved with --dry-run",
            })
    void wrongUsageIsExitCode2NamesWhatIsWrongAndChangesNothing(String line, String named) {
        Kelpie.Result result = kelpie.run(line.split(" "));

        assertThat(result.exitCode()).as(result.toString()).isEqualTo(2);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).contains(named).contains("fix: ");
        assertThat(cluster.requests).isEmpty();
    }

    @Test
    void aHostThatIsNotThereIsNotFound() {
        assertThat(kelpie.run("drain", "h9", "--dry-run").exitCode()).isEqualTo(3);
        assertThat(kelpie.run("drain", "h9").exitCode()).isEqualTo(3);
        assertThat(cluster.done).isEmpty();
    }
}
