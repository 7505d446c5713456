package io.kelpie.controller.control;

import io.kelpie.common.time.TimeSource;
import io.kelpie.controller.leadership.LeaderTerm;
import io.kelpie.controller.view.EventLog;
import io.kelpie.controller.view.FailoverView;
import io.kelpie.controller.view.FreezeView;
import io.kelpie.controller.view.LeaderView;
import io.kelpie.controller.view.MovesView;
import io.kelpie.controller.view.ReadModel;
import io.kelpie.controller.view.Warnings;
import io.kelpie.proto.v1.ClusterRecord;

/**
 * A term's state, made of what the store held. Made on any thread, as it takes a while, and then handed over to the
 * control thread.
 */
public final class LoadedTerm {
    private final ClusterRecord record;
    private final LeaderView view;
    private final ClusterEditor cluster;
    private final LoadTimes times;

    private LoadedTerm(ClusterRecord record, LeaderView view, ClusterEditor cluster, LoadTimes times) {
        this.record = record;
        this.view = view;
        this.cluster = cluster;
        this.times = times;
    }

    /**
     * @param hostsNanos how long what leases need took to read
     * @param readNanos how long everything else then took
     */
    static LoadedTerm of(LeaderTerm term, LoadedState state, long hostsNanos, long readNanos, TimeSource time) {
        long begin = time.nanoTime();
        ParsedState parsed = ParsedState.of(state);
        long parsedNanos = time.nanoTime();
        ReadModel model = new ReadModel(term.epoch() << 32);
        EventLog events = new EventLog(time);
        ClusterEditor cluster = new ClusterEditor(time, model, events);
        cluster.load(parsed);
        LeaderView view = new LeaderView(
                term.epoch(),
                clusterUuid(state.first()),
                model,
                events,
                new Warnings(),
                new FreezeView(),
                new FailoverView(),
                new MovesView());
        LoadTimes times = new LoadTimes(hostsNanos, readNanos, parsedNanos - begin, time.nanoTime() - parsedNanos);
        return new LoadedTerm(record(state.first()), view, cluster, times);
    }

    static String clusterUuid(LoadedHosts loaded) {
        return record(loaded).getClusterUuid();
    }

    private static ClusterRecord record(LoadedHosts loaded) {
        return Records.parse(
                ClusterRecord.parser(),
                loaded.cluster().value(),
                loaded.cluster().key());
    }

    /** The cluster's own record. */
    ClusterRecord record() {
        return record;
    }

    LeaderView view() {
        return view;
    }

    ClusterEditor cluster() {
        return cluster;
    }

    LoadTimes times() {
        return times;
    }
}
