package io.kelpie.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.cli.testing.FakeCluster;
import io.kelpie.cli.testing.FakeController;
import io.kelpie.cli.testing.Kelpie;
import io.kelpie.proto.v1.ControllerMember;
import io.kelpie.proto.v1.ControllerSet;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ClusterCommandTest {
    private final FakeCluster cluster = new FakeCluster();
    private final FakeController one = new FakeController(cluster, "c1");
    private final FakeController two = new FakeController(cluster, "c2");
    private final Kelpie kelpie = new Kelpie();

    @AfterEach
    void close() {
        one.close();
        two.close();
    }

    @Test
    void showsEachControllerAndFindsTheLeader() {
        one.standBy(two.address());

        Kelpie.Result result = kelpie.at(one).run("cluster", "status");

        assertThat(result.exitCode()).isZero();
        assertThat(normalised(result.out())).isEqualTo("""
                        CONTROLLER   ADDRESS           ROLE      EPOCH   STORE                 VERSION   NOTE
                        c1           127.0.0.1:ONE     standby   7       embedded, connected   0.1.0
                        c2           127.0.0.1:TWO     leader    7       embedded, connected   0.1.0

                        cluster: 11111111-2222-3333-4444-555555555555
                        hosts:   2 (1 ready)
                        jobs:    3
                        vms:     5 (4 running)
                        """);
        assertThat(result.err()).isEqualTo("warning: c2: connections are plain text\n");
    }

    @Test
    void withoutALeaderItFails() {
        one.standBy(null);

        Kelpie.Result result = kelpie.at(one).run("cluster", "status");

        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.out()).contains("standby");
        assertThat(result.err()).startsWith("error: no controller leads now\nfix: ");
    }

    @Test
    void withoutAnyAnswerItIsExitCode8() {
        String address = one.address();
        one.close();

        Kelpie.Result result = kelpie.run("cluster", "status", "--controllers", address);

        assertThat(result.exitCode()).isEqualTo(8);
        assertThat(result.out()).contains("connection refused");
    }

    @Test
    void listsTheMembersOfTheSet() {
        two.standBy(one.address());
        cluster.controllers = set(
                member("c1", one.address(), true),
                member("c2", two.address(), true),
                member("c3", one.address(), false));
        cluster.awaitedControllers = List.of("c2");

        Kelpie.Result result = kelpie.at(one).run("cluster", "controllers");

        assertThat(result.exitCode()).isZero();
        assertThat(normalised(result.out())).isEqualTo("""
                        CONTROLLER   ADDRESS           ROLE      NOTE
                        c1           127.0.0.1:ONE     leader
                        c2           127.0.0.1:TWO     standby   has not acknowledged the set yet
                        c3           127.0.0.1:ONE     leader    controller c1 answers there
                        """);
        assertThat(result.err()).contains("version 4 of the set");
    }

    @Test
    void addsAControllerThatAnswersByItsName() {
        two.standBy(one.address());
        cluster.controllers = set(member("c1", one.address(), true));
        cluster.awaitedControllers = List.of("c1");

        Kelpie.Result result = kelpie.at(one).run("cluster", "controllers", "add", "c2", two.address());

        assertThat(result.exitCode()).isZero();
        assertThat(result.out()).isEqualTo("controller/c2 added (version 5 of the set)\n");
        assertThat(result.err()).isEqualTo("it may lead when c1 acknowledged that; see: kelpie cluster controllers\n");
    }

    @Test
    void doesNotAddAControllerUnderAnotherName() {
        Kelpie.Result result = kelpie.at(one).run("cluster", "controllers", "add", "c3", two.address());

        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.err()).contains("calls itself 'c2', not 'c3'").contains("add c2");
        assertThat(cluster.requests).isEmpty();
    }

    @Test
    void warnsBeforeItAddsAControllerThatDoesNotAnswer() {
        String address = two.address();
        two.close();

        Kelpie.Result result = kelpie.at(one).run("cluster", "controllers", "add", "c2", address);

        assertThat(result.exitCode()).isZero();
        assertThat(result.err()).contains("warning: " + address + " does not answer");
    }

    @Test
    void removesAControllerOnTheOperatorsWord() {
        Kelpie.Result refused = kelpie.at(one).run("cluster", "controllers", "remove", "c2");
        assertThat(refused.exitCode()).isEqualTo(1);
        assertThat(refused.err()).contains("may still run").contains("--confirm-dead");

        Kelpie.Result removed = kelpie.at(one).run("cluster", "controllers", "remove", "c2", "--confirm-dead");
        assertThat(removed.exitCode()).isZero();
        assertThat(removed.out()).isEqualTo("controller/c2 removed (version 1 of the set)\n");
    }

    @Test
    void aFreezeWaitsForEveryHost() {
        cluster.awaitedHosts.addAll(List.of("h1", "h2"));

        Kelpie.Result result = kelpie.pauses(length -> {}).at(one).run("cluster", "freeze", "--for", "30m");

        assertThat(result.exitCode()).isZero();
        assertThat(result.out()).isEqualTo("""
                        cluster frozen until 2026-01-01T00:30:00Z
                        every host holds a lease without an end: controllers may be stopped
                        """);
        assertThat(result.err()).isEqualTo("waiting for h1, h2\nwaiting for h2\n");
        assertThat(kelpie.at(one).run("cluster", "status").out())
                .contains("frozen:  until 2026-01-01T00:30:00Z; no host is awaited, controllers may be stopped");
    }

    @Test
    void aFreezeThatIsNotTakenInTimeSaysByWhom() {
        Kelpie slow = kelpie.pauses(length -> cluster.awaitedHosts.add("h9"));
        cluster.awaitedHosts.addAll(List.of("h9", "h9"));

        Kelpie.Result result = slow.at(one).run("cluster", "freeze", "--for", "30m", "--timeout", "1s");

        assertThat(result.exitCode()).isEqualTo(7);
        assertThat(result.err()).contains("error: not every host has taken a lease without an end: h9");
        assertThat(result.err()).contains("kelpie cluster thaw");
    }

    @Test
    void aThawWaitsForEveryHost() {
        cluster.awaitedHosts.add("h1");

        Kelpie.Result result = kelpie.pauses(length -> {}).at(one).run("cluster", "thaw");

        assertThat(result.exitCode()).isZero();
        assertThat(result.out()).isEqualTo("cluster thawed\nevery host holds a lease that ends\n");
        assertThat(result.err()).isEqualTo("waiting for h1\n");
    }

    @Test
    void aFreezeNeedsItsLength() {
        assertThat(kelpie.at(one).run("cluster", "freeze").exitCode()).isEqualTo(2);
        assertThat(kelpie.at(one).run("cluster", "freeze", "--for", "soon").exitCode())
                .isEqualTo(2);
        assertThat(kelpie.at(one).run("cluster").err()).contains("status|controllers|freeze|thaw");
    }

    private static ControllerSet set(ControllerMember... members) {
        return ControllerSet.newBuilder()
                .setVersion(4)
                .addAllMembers(List.of(members))
                .build();
    }

    private static ControllerMember member(String id, String address, boolean mayLead) {
        return ControllerMember.newBuilder()
                .setControllerId(id)
                .setAddress(address)
                .setMayLead(mayLead)
                .build();
    }

    private String normalised(String text) {
        return text.replace(one.address(), pad("127.0.0.1:ONE", one.address()))
                .replace(two.address(), pad("127.0.0.1:TWO", two.address()));
    }

    private static String pad(String name, String address) {
        // Ports have four or five digits; the table in the test is written for five.
        return name + " ".repeat(Math.max(0, address.length() - name.length()));
    }
}
