package io.kelpie.controller.api;

import io.grpc.BindableService;
import io.kelpie.common.time.TimeSource;
import io.kelpie.controller.control.ControlLoop;
import io.kelpie.controller.control.ControlQueue;
import io.kelpie.controller.dispatch.LogRelay;
import io.kelpie.controller.leadership.Leadership;
import io.kelpie.controller.store.ClusterStore;
import java.util.List;
import java.util.concurrent.Executor;

/** Makes all services for operators. */
public final class OperatorServices {
    private OperatorServices() {}

    /** {@code watchExecutor} runs watches; one thread is enough. */
    public static List<BindableService> create(
            ControlLoop control,
            ControlQueue queue,
            Leadership leadership,
            ClusterStore store,
            LogRelay logs,
            ControllerFacts facts,
            Executor watchExecutor,
            TimeSource time) {
        Calls calls = new Calls(control, queue, time);
        return List.of(
                new JobApi(calls),
                new VmApi(calls, queue, logs, watchExecutor),
                new HostApi(calls),
                new ClusterApi(calls, control, leadership, store, facts));
    }
}
