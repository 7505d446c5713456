package io.kelpie.controller.control;

import io.kelpie.proto.v1.ControllerMember;
import io.kelpie.proto.v1.ControllerSet;
import io.kelpie.proto.v1.ControllerSetRecord;
import io.kelpie.proto.v1.CordonHostResponse;
import java.util.List;

/** Writes committed sets of controllers. */
public final class TestSets {
    private TestSets() {}

    /** Makes these the members; each is reached at its id, port 7400. */
    public static void commit(TestController controller, String... members) {
        controller.call((context, unit) -> {
            ControllerSetRecord former = context.cluster().controllerSet();
            context.cluster()
                    .putControllerSet(
                            former.toBuilder()
                                    .setSet(ControllerSet.newBuilder()
                                            .setVersion(former.getSet().getVersion() + 1)
                                            .addAllMembers(List.of(members).stream()
                                                    .map(id -> ControllerMember.newBuilder()
                                                            .setControllerId(id)
                                                            .setAddress(id + ":7400")
                                                            .setMayLead(true)
                                                            .build())
                                                    .toList()))
                                    .build(),
                            unit);
            return CordonHostResponse.getDefaultInstance();
        });
        controller.settle();
    }
}
