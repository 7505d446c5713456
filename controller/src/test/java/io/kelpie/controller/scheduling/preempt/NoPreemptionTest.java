package io.kelpie.controller.scheduling.preempt;

import static io.kelpie.controller.scheduling.preempt.Cluster.host;
import static io.kelpie.controller.scheduling.preempt.Cluster.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.scheduling.TestVm;
import org.junit.jupiter.api.Test;

class NoPreemptionTest {
    private final Cluster cluster = new Cluster();

    @Test
    void thereIsNoHost() {
        assertThat(sentence(vm("web", 0))).isEqualTo("no VM may be ended for it: there is no host");
    }

    @Test
    void allAreAsImportant() {
        cluster.with(host("h1"), host("h2"))
                .on(
                        "h1",
                        vm("a", 0).priority(50).vcpus(4),
                        vm("a", 1).priority(60).vcpus(4))
                .on("h2", vm("a", 2).priority(50).vcpus(8));
        assertThat(sentence(vm("web", 0).priority(50)))
                .isEqualTo("no VM may be ended for it: on 2 hosts no VM has a priority below 50 (3 of 50 or more)");
    }

    @Test
    void aBudgetIsUsedUp() {
        cluster.with(host("h1"))
                .mayEnd("a", 1)
                .on("h1", vm("a", 0).vcpus(4), vm("a", 1).vcpus(4));
        assertThat(sentence(vm("web", 0).priority(50).vcpus(8)))
                .isEqualTo("no VM may be ended for it: on 1 host the budget of job shop/a is used up"
                        + " (spec.maxUnavailable)");
    }

    @Test
    void ofManyBudgetsAFewAreNamed() {
        cluster.with(host("h1"));
        for (String job : new String[] {"a", "b", "c", "d", "e"}) {
            cluster.mayEnd(job, 0).on("h1", vm(job, 0));
        }
        cluster.on("h1", vm("f", 0).priority(90).vcpus(3));
        assertThat(sentence(vm("web", 0).priority(50)))
                .contains("the budgets of jobs shop/a, shop/b, shop/c and 2 more are used up");
    }

    @Test
    void everyHostIsCountedOnce() {
        cluster.with(host("h1").cordoned(), host("h2"), host("h3"), host("h4"))
                .mayEnd("a", 0)
                .on("h2", vm("top", 0).priority(90).vcpus(8))
                .on("h3", vm("top", 1).priority(90).vcpus(4), vm("b", 0).vcpus(4))
                .on("h4", vm("a", 0).vcpus(8));
        Cluster.Engine engine = cluster.engine();
        TestVm web = vm("web", 0).priority(50).vcpus(6);
        assertThat(engine.find(web)).isEmpty();
        NoPreemption why = engine.preemptor.whyNot(engine.ask(web));
        assertThat(why.hosts()).isEqualTo(4);
        assertThat(why.sentence())
                .isEqualTo("no VM may be ended for it: on 1 host no VM has a priority below 50 (1 of 50 or more),"
                        + " on 1 host the budget of job shop/a is used up (spec.maxUnavailable),"
                        + " on 1 host ending every VM of lower priority would not be enough,"
                        + " 1 host is ruled out whatever is ended");
    }

    private String sentence(TestVm vm) {
        Cluster.Engine engine = cluster.engine();
        assertThat(engine.find(vm)).isEmpty();
        return engine.preemptor.whyNot(engine.ask(vm)).sentence();
    }
}
