package io.kelpie.controller.api;

import io.grpc.BindableService;
import io.grpc.ServerInterceptors;
import io.kelpie.common.time.TimeSource;
import io.kelpie.controller.audit.AuditLog;
import io.kelpie.controller.control.ControlLoop;
import io.kelpie.controller.control.ControlQueue;
import io.kelpie.controller.dispatch.LogRelay;
import io.kelpie.controller.leadership.ControllerSetView;
import io.kelpie.controller.leadership.Leadership;
import io.kelpie.controller.store.ClusterStore;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.stream.Stream;

/** Makes all services for operators. */
public final class OperatorServices {
    private OperatorServices() {}

    /**
     * Makes them.
     *
     * @param audit keeps what operators ask for
     * @param safety what it takes to call a host dead
     * @param watchExecutor runs watches; one thread is enough
     * @param slow runs what takes time; a thread for each
     */
    public static List<BindableService> create(
            ControlLoop control,
            ControlQueue queue,
            Leadership leadership,
            ClusterStore store,
            LogRelay logs,
            ControllerFacts facts,
            StoreCare care,
            ControllerSetView controllers,
            AuditLog audit,
            HostSafety safety,
            Executor watchExecutor,
            Executor slow,
            TimeSource time) {
        Calls calls = new Calls(control, queue, audit, slow, time);
        HostSilence silence = new HostSilence(facts.controllerId(), safety.contacts(), safety.peers());
        Callers callers = new Callers();
        return Stream.<BindableService>of(
                        new JobApi(calls),
                        new VmApi(calls, queue, logs, watchExecutor),
                        new HostApi(calls, silence, new FenceRuns(safety.plugin(), slow)),
                        new ClusterApi(
                                calls,
                                control,
                                leadership,
                                store,
                                facts,
                                controllers,
                                care,
                                queue,
                                watchExecutor,
                                silence))
                .map(service -> (BindableService) () -> ServerInterceptors.intercept(service, callers))
                .toList();
    }
}
