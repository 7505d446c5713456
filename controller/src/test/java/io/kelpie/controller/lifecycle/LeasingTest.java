package io.kelpie.controller.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.model.OnHostFailure;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LeasingTest {
    private static final Optional<String> NO = Optional.empty();
    private static final Optional<String> DISK = Optional.of("disk root on pool default");

    @Test
    void aVmIsLeasedUnlessItsDisksOrItsJobBindItToItsHost() {
        assertThat(Leasing.decide(OnHostFailure.BY_DISKS, NO, 2, NO)).isEqualTo(new Leasing(true, ""));
        assertThat(Leasing.decide(OnHostFailure.RESTART, NO, 3, NO)).isEqualTo(new Leasing(true, ""));
        assertThat(Leasing.decide(OnHostFailure.BY_DISKS, DISK, 2, NO)).isEqualTo(new Leasing(false, ""));
        assertThat(Leasing.decide(OnHostFailure.LEAVE, NO, 2, NO)).isEqualTo(new Leasing(false, ""));
    }

    @Test
    void whatIsAskedForAndNotPossibleSaysWhy() {
        assertThat(Leasing.decide(OnHostFailure.RESTART, NO, 1, NO).notLeasedReason())
                .contains("fewer than two controllers");
        assertThat(Leasing.decide(OnHostFailure.BY_DISKS, NO, 2, Optional.of("driver fake cannot")))
                .isEqualTo(new Leasing(false, "driver fake cannot"));
        assertThat(Leasing.decide(OnHostFailure.RESTART, DISK, 2, NO).notLeasedReason())
                .isEqualTo("disk root on pool default is kept and seen by this host alone");
    }
}
