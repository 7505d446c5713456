package io.kelpie.controller.control;

import com.google.protobuf.Message;
import io.kelpie.controller.store.RecordKey;
import io.kelpie.proto.v1.ClusterRecord;
import java.util.List;

/**
 * All records that the leader works with, as of one instant, and durable.
 *
 * @param cluster the cluster's record
 * @param records all others
 */
public record RecordsOfTerm(long epoch, ClusterRecord cluster, List<Entry> records) {
    /** A record, not yet serialized. */
    public record Entry(RecordKey key, Message value) {}
}
