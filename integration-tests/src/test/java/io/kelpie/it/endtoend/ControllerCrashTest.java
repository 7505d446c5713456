package io.kelpie.it.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.grpc.StatusRuntimeException;
import io.kelpie.common.error.GrpcErrors;
import io.kelpie.it.cluster.LocalCluster;
import io.kelpie.it.endtoend.Operator.Vm;
import io.kelpie.it.endtoend.QemuCensus.Qemu;
import io.kelpie.proto.v1.ApplyJobRequest;
import io.kelpie.proto.v1.ApplyJobResponse;
import io.kelpie.proto.v1.ErrorReason;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The only controller, with ZooKeeper in its own process, is killed while it has work to do. */
@Tag("real")
class ControllerCrashTest {
    @Test
    void nothingIsLostAndNoVmIsDisturbed(@TempDir Path folder) throws Exception {
        try (LocalCluster cluster =
                        LocalCluster.in(folder.resolve("k")).agents(2).start();
                QemuCensus census = QemuCensus.of(cluster.folder())) {
            Operator operator = new Operator(cluster, folder.resolve("jobs"));
            LocalCluster.Controller controller = cluster.controller(0);
            operator.apply("steady", 3, "qemu");
            Map<Vm, Qemu> before = new HashMap<>();
            for (Vm vm : operator.running("steady")) {
                before.put(vm, census.now(vm.id()).get(0));
            }

            ApplyJobRequest request = RawController.request("late");
            ApplyJobResponse first;
            try (RawController raw = new RawController(controller.address())) {
                first = raw.jobs().applyJob(request);
                controller.process().kill();
            }
            assertThat(first.getOutcome()).isEqualTo(ApplyJobResponse.Outcome.OUTCOME_CREATED);
            controller.process().start();
            cluster.awaitReady();

            for (Vm vm : operator.running("late")) {
                assertThat(vm.incarnation()).isEqualTo(1);
                assertThat(census.ever(vm.id())).as("every QEMU of " + vm).hasSize(1);
            }
            assertThat(operator.vms("steady")).containsExactlyInAnyOrderElementsOf(before.keySet());
            before.forEach((vm, qemu) -> assertThat(census.ever(vm.id())).containsExactly(qemu));

            try (RawController raw = new RawController(controller.address())) {
                assertThat(raw.jobs().applyJob(request)).isEqualTo(first);
                ApplyJobRequest other = request.toBuilder()
                        .setSpec(RawController.request("other").getSpec())
                        .build();
                StatusRuntimeException refused = catchThrowableOfType(
                        StatusRuntimeException.class, () -> raw.jobs().applyJob(other));
                assertThat(GrpcErrors.reason(refused)).isEqualTo(ErrorReason.ERROR_REASON_REQUEST_ID_REUSED);
            }
            assertThat(operator.vms("late")).hasSize(2);
            assertThat(operator.vms("other")).isEmpty();
            assertThat(census.doubles()).isEmpty();
            List<Vm> late = operator.vms("late");
            operator.delete("late");
            for (Vm vm : late) {
                assertThat(census.now(vm.id())).isEmpty();
            }
        }
    }
}
