package io.kelpie.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.cli.testing.FakeCluster;
import io.kelpie.cli.testing.FakeController;
import io.kelpie.cli.testing.Kelpie;
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

    private String normalised(String text) {
        return text.replace(one.address(), pad("127.0.0.1:ONE", one.address()))
                .replace(two.address(), pad("127.0.0.1:TWO", two.address()));
    }

    private static String pad(String name, String address) {
        // Ports have four or five digits; the table in the test is written for five.
        return name + " ".repeat(Math.max(0, address.length() - name.length()));
    }
}
