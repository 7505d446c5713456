package io.kelpie.controller.replay;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ReplayLogTest {
    @Test
    void keepsManyStepsInOrder() {
        ReplayLog log = new ReplayLog();
        for (int i = 0; i < 5000; i++) {
            log.placed(i, i % 7, 0b10);
            log.removed(i);
        }

        assertThat(log.size()).isEqualTo(10_000);
        assertThat(log.vm(9998)).isEqualTo(4999);
        assertThat(log.host(9998)).isEqualTo(4999 % 7);
        assertThat(log.numaNodes(9998)).isEqualTo(0b10);
        assertThat(log.isRemoval(9998)).isFalse();
        assertThat(log.isRemoval(9999)).isTrue();
    }

    @Test
    void twoAreTheSameIfTheirStepsAre() {
        assertThat(log(0, 1, 1).isSameAs(log(0, 1, 1))).isTrue();
        assertThat(log(0, 1, 1).isSameAs(log(1, 1, 1))).isFalse();
        assertThat(log(0, 1, 1).isSameAs(log(0, 2, 1))).isFalse();
        assertThat(log(0, 1, 1).isSameAs(log(0, 1, 2))).isFalse();
        assertThat(log(0, 1, 1).isSameAs(new ReplayLog())).isFalse();
    }

    private static ReplayLog log(int vm, int host, int numaNodes) {
        ReplayLog log = new ReplayLog();
        log.placed(vm, host, numaNodes);
        return log;
    }
}
