package io.kelpie.controller.reconcile;

import io.kelpie.controller.model.AccelerationMode;
import io.kelpie.controller.model.Job;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.model.PagingRequirement;
import io.kelpie.controller.model.PlacementRules;
import io.kelpie.controller.model.RestartPolicy;
import io.kelpie.controller.model.VmShape;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;

/** A job for tests: one replica, nothing special, unless said. */
final class TestJob {
    static final UUID UID = new UUID(1, 0);
    static final JobKey KEY = new JobKey("shop", "web");

    private int replicas = 1;
    private boolean deleting;
    private long incarnationFloor;
    private long restartSerial;
    private int restartMaxUnavailable = 1;

    private TestJob() {}

    static TestJob job() {
        return new TestJob();
    }

    TestJob replicas(int count) {
        replicas = count;
        return this;
    }

    TestJob deleting() {
        deleting = true;
        return this;
    }

    TestJob incarnationFloor(long floor) {
        incarnationFloor = floor;
        return this;
    }

    TestJob restartSerial(long serial) {
        restartSerial = serial;
        return this;
    }

    TestJob restartMaxUnavailable(int count) {
        restartMaxUnavailable = count;
        return this;
    }

    Job build() {
        VmShape shape = new VmShape(
                1,
                1_024,
                Optional.empty(),
                0,
                new TreeMap<>(),
                new TreeMap<>(),
                false,
                AccelerationMode.KVM,
                PagingRequirement.HARDWARE,
                Optional.empty(),
                Optional.empty(),
                Set.of());
        return new Job(
                UID,
                KEY,
                new TreeMap<>(),
                replicas,
                RestartPolicy.DEFAULT,
                shape,
                PlacementRules.NONE,
                50,
                1,
                1,
                deleting,
                incarnationFloor,
                restartSerial,
                restartMaxUnavailable,
                false);
    }
}
