package io.kelpie.it.simulation;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.kelpie.common.error.KelpieException;
import io.kelpie.controller.control.JobOperations;
import io.kelpie.controller.control.Operation;
import io.kelpie.proto.v1.Acceleration;
import io.kelpie.proto.v1.ApplyJobRequest;
import io.kelpie.proto.v1.ApplyJobResponse;
import io.kelpie.proto.v1.Boot;
import io.kelpie.proto.v1.ControlAction;
import io.kelpie.proto.v1.ControlJobRequest;
import io.kelpie.proto.v1.DeleteJobRequest;
import io.kelpie.proto.v1.ErrorReason;
import io.kelpie.proto.v1.ImageSource;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.OnHostFailure;
import io.kelpie.proto.v1.RestartPolicy;
import io.kelpie.proto.v1.ScaleJobRequest;
import io.kelpie.proto.v1.VmTemplate;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.Consumer;

/** People who submit, scale, stop, start and delete jobs, one request a job at a time, and repeat it until it is answered. */
final class Operators {
    private static final int JOBS = 4;
    private static final int REPLICAS_MAX = 3;

    /** One job name and who cares for it. */
    private final class Owner {
        final String job;
        final JobWishes wishes;
        boolean exists;
        boolean busy;

        Owner(String job, JobWishes wishes) {
            this.job = job;
            this.wishes = wishes;
        }
    }

    private final World world;
    private final List<SimController> controllers;
    private final AcceptedJobNeverLost promises;
    private final SplittableRandom random;
    private final List<Owner> owners = new ArrayList<>();
    private final long meanNanos;
    private boolean active;
    private int rounds;
    private boolean gentle;

    Operators(World world, List<SimController> controllers, AcceptedJobNeverLost promises, Profile profile) {
        this.world = world;
        this.controllers = controllers;
        this.promises = promises;
        this.random = world.random("operators");
        this.meanNanos = profile.meanOperatorNanos();
        SplittableRandom wishes = world.random("wishes");
        for (int i = 0; i < JOBS; i++) {
            owners.add(new Owner("job" + i, profile.wishes() ? JobWishes.drawn("job" + i, wishes) : JobWishes.NONE));
        }
    }

    /** Gentle ones only submit what is not there yet; so no VM ends by their will. */
    void begin(boolean onlySubmit) {
        gentle = onlySubmit;
        active = true;
        rounds++;
        next(rounds);
    }

    void rest() {
        active = false;
    }

    boolean busy() {
        return owners.stream().anyMatch(owner -> owner.busy);
    }

    private void next(int round) {
        world.after(random.nextLong(2 * meanNanos), () -> {
            if (active && round == rounds) {
                act(owners.get(random.nextInt(owners.size())));
                next(round);
            }
        });
    }

    private void act(Owner owner) {
        if (owner.busy) {
            return;
        }
        if (!owner.exists) {
            apply(owner);
        } else if (!gentle) {
            switch (random.nextInt(8)) {
                case 0 -> delete(owner);
                case 1 -> apply(owner);
                case 2 -> control(owner, ControlAction.CONTROL_ACTION_STOP);
                case 3, 4 -> control(owner, ControlAction.CONTROL_ACTION_START);
                case 5 -> control(owner, ControlAction.CONTROL_ACTION_RESTART);
                default -> scale(owner);
            }
        }
    }

    private void apply(Owner owner) {
        boolean leave = random.nextInt(4) == 0;
        VmTemplate.Builder vm = VmTemplate.newBuilder()
                .setVcpus(1)
                .setMemoryMib(256)
                .setAcceleration(Acceleration.newBuilder().setMode(Acceleration.Mode.MODE_ANY))
                .setBoot(Boot.newBuilder().setKernel(ImageSource.newBuilder().setFile("vmlinuz")));
        owner.wishes.equip(vm);
        JobSpec spec = JobSpec.newBuilder()
                .setName(owner.job)
                .setNamespace("default")
                .setReplicas(1 + random.nextInt(REPLICAS_MAX))
                .setOnHostFailure(leave ? OnHostFailure.ON_HOST_FAILURE_LEAVE : OnHostFailure.ON_HOST_FAILURE_RESTART)
                .setRestart(RestartPolicy.newBuilder()
                        .setPolicy(RestartPolicy.Policy.POLICY_ALWAYS)
                        .setAttempts(100)
                        .setWindowSeconds(600))
                .setPlacement(owner.wishes.placement())
                .setVm(vm)
                .build();
        UUID uid = Request.uuid(random);
        ApplyJobRequest request = ApplyJobRequest.newBuilder().setSpec(spec).build();
        submit(owner, "apply", JobOperations.apply(request, uid), answer -> {
            owner.exists = true;
            promises.accepted(owner.job, version(answer));
        });
    }

    private static long version(ByteString answer) {
        try {
            return ApplyJobResponse.parseFrom(answer).getJob().getVersion();
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("an answer that cannot be read", e);
        }
    }

    private void delete(Owner owner) {
        promises.deletionAsked(owner.job);
        DeleteJobRequest request = DeleteJobRequest.newBuilder()
                .setNamespace("default")
                .setName(owner.job)
                .build();
        submit(owner, "delete", JobOperations.delete(request), answer -> owner.exists = false);
    }

    private void scale(Owner owner) {
        ScaleJobRequest request = ScaleJobRequest.newBuilder()
                .setNamespace("default")
                .setName(owner.job)
                .setReplicas(1 + random.nextInt(REPLICAS_MAX))
                .build();
        submit(owner, "scale", JobOperations.scale(request), answer -> {});
    }

    private void control(Owner owner, ControlAction action) {
        ControlJobRequest request = ControlJobRequest.newBuilder()
                .setNamespace("default")
                .setName(owner.job)
                .setAction(action)
                .setMaxUnavailable(1)
                .build();
        submit(owner, action.toString(), JobOperations.control(request), answer -> {});
    }

    private void submit(Owner owner, String what, Operation operation, Consumer<ByteString> then) {
        owner.busy = true;
        world.note("operator: " + what + " " + owner.job);
        Request.Asker asker = new Request.Asker() {
            @Override
            public void done(ByteString answer, int attempts) {
                answered("ok", attempts);
                then.accept(answer);
            }

            @Override
            public boolean asksAgain(KelpieException refusal, int attempts) {
                if (refusal.reason() == ErrorReason.ERROR_REASON_JOB_NOT_FOUND) {
                    owner.exists = false;
                }
                answered(String.valueOf(refusal.getMessage()), attempts);
                return false;
            }

            private void answered(String how, int attempts) {
                owner.busy = false;
                world.note("operator: " + what + " " + owner.job + " answered after " + attempts + ": " + how);
            }
        };
        Request.Call call = (controller, requestId, answer) -> controller.change(requestId, operation, answer);
        new Request(world, controllers, random, call, asker, 0).attempt();
    }
}
