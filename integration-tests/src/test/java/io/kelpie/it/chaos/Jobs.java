package io.kelpie.it.chaos;

import io.kelpie.proto.v1.Acceleration;
import io.kelpie.proto.v1.Boot;
import io.kelpie.proto.v1.DriverChoice;
import io.kelpie.proto.v1.ImageSource;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.OnHostFailure;
import io.kelpie.proto.v1.RestartPolicy;
import io.kelpie.proto.v1.RootDisk;
import io.kelpie.proto.v1.StopPolicy;
import io.kelpie.proto.v1.VmTemplate;

/** The jobs that run while faults are injected. */
public final class Jobs {
    private Jobs() {}

    /** Leased guests that do nothing. */
    public static JobSpec idle(String name, int replicas) {
        return job(name, replicas, OnHostFailure.ON_HOST_FAILURE_RESTART, "boot.img", false);
    }

    /** Guests that do nothing and stay on their host, whatever becomes of it. */
    public static JobSpec staying(String name, int replicas) {
        return job(name, replicas, OnHostFailure.ON_HOST_FAILURE_LEAVE, "boot.img", false);
    }

    /** Leased guests that write a sequence to a kept disk which all hosts share. */
    public static JobSpec writing(String name, int replicas) {
        return job(name, replicas, OnHostFailure.ON_HOST_FAILURE_RESTART, "sequence.img", true);
    }

    private static JobSpec job(
            String name, int replicas, OnHostFailure onHostFailure, String image, boolean keptAndShared) {
        return JobSpec.newBuilder()
                .setNamespace("default")
                .setName(name)
                .setReplicas(replicas)
                .setOnHostFailure(onHostFailure)
                // Failures of half a minute count, so that the wait before a restart stays short.
                .setRestart(RestartPolicy.newBuilder()
                        .setPolicy(RestartPolicy.Policy.POLICY_ALWAYS)
                        .setAttempts(100)
                        .setWindowSeconds(30))
                .setVm(VmTemplate.newBuilder()
                        .setVcpus(1)
                        .setMemoryMib(16)
                        .setAcceleration(Acceleration.newBuilder().setMode(Acceleration.Mode.MODE_ANY))
                        .setBoot(Boot.newBuilder()
                                .setImage(ImageSource.newBuilder().setFile(image)))
                        .setRoot(RootDisk.newBuilder()
                                .setSizeMib(1)
                                .setKeep(keptAndShared)
                                .setPool(keptAndShared ? "shared" : "default"))
                        .setStop(StopPolicy.newBuilder().setGraceSeconds(0))
                        .setDriver(DriverChoice.DRIVER_CHOICE_QEMU))
                .build();
    }
}
