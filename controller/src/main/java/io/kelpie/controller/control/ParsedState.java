package io.kelpie.controller.control;

import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import io.kelpie.controller.store.RecordKey;
import io.kelpie.controller.store.StoredRecord;
import io.kelpie.proto.v1.CapabilitiesRecord;
import io.kelpie.proto.v1.ConfigRecord;
import io.kelpie.proto.v1.ControllerSetRecord;
import io.kelpie.proto.v1.HostRecord;
import io.kelpie.proto.v1.JobRecord;
import io.kelpie.proto.v1.RequestRecord;
import io.kelpie.proto.v1.VmRecord;
import java.util.List;
import java.util.Optional;

/** All records of the store but the cluster's own, read. */
record ParsedState(
        Optional<Parsed<ConfigRecord>> config,
        Optional<Parsed<ControllerSetRecord>> controllers,
        List<Parsed<HostRecord>> hosts,
        List<Parsed<CapabilitiesRecord>> capabilities,
        List<Parsed<JobRecord>> jobs,
        List<Parsed<VmRecord>> vms,
        List<Parsed<RequestRecord>> requests) {

    /** A record as the store held it at a version. */
    record Parsed<M extends Message>(RecordKey key, M record, int version) {
        private static <M extends Message> Parsed<M> of(Parser<M> parser, StoredRecord stored) {
            return new Parsed<>(stored.key(), Records.parse(parser, stored.value(), stored.key()), stored.version());
        }
    }

    static ParsedState of(LoadedState state) {
        return new ParsedState(
                state.first().config().map(stored -> Parsed.of(ConfigRecord.parser(), stored)),
                state.first().controllers().map(stored -> Parsed.of(ControllerSetRecord.parser(), stored)),
                all(HostRecord.parser(), state.first().hosts()),
                all(CapabilitiesRecord.parser(), state.capabilities()),
                all(JobRecord.parser(), state.jobs()),
                all(VmRecord.parser(), state.vms()),
                all(RequestRecord.parser(), state.requests()));
    }

    private static <M extends Message> List<Parsed<M>> all(Parser<M> parser, List<StoredRecord> stored) {
        // On all cores: a new leader answers nobody before this is done, and has little else to do.
        return stored.parallelStream().map(each -> Parsed.of(parser, each)).toList();
    }
}
