package io.kelpie.controller.control;

import com.google.protobuf.ByteString;
import io.kelpie.common.time.TimeSource;
import io.kelpie.controller.store.RecordKey;
import io.kelpie.controller.store.Write;
import io.kelpie.proto.v1.RequestRecord;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** Operators' calls that were answered, with their answers: a call that comes again gets the same. Belongs to the control thread. */
final class AnsweredRequests {
    private static final int FORMAT = 1;

    /** {@code version} is the record's. */
    private record Answered(RequestRecord record, int version) {}

    private final TimeSource time;
    private final Map<UUID, Answered> requests = new HashMap<>();

    AnsweredRequests(TimeSource time) {
        this.time = time;
    }

    /** One that the store has. */
    void load(UUID id, RequestRecord record, int version) {
        requests.put(id, new Answered(record, version));
    }

    Optional<RequestRecord> find(UUID id) {
        return Optional.ofNullable(requests.get(id)).map(Answered::record);
    }

    void put(UUID id, ByteString bodyHash, ByteString response, Unit unit) {
        RequestRecord record = RequestRecord.newBuilder()
                .setFormat(FORMAT)
                .setBodyHash(bodyHash)
                .setResponse(response)
                .setAtMillis(time.wallMillis())
                .build();
        unit.write(new Write.Put(new RecordKey.RequestKey(id), record.toByteString(), Write.ABSENT));
        requests.put(id, new Answered(record, 0));
    }

    /** Forgets answers that are older than {@code beforeMillis}, at most {@code limit} of them. */
    void prune(long beforeMillis, int limit, Unit unit) {
        Iterator<Map.Entry<UUID, Answered>> rest = requests.entrySet().iterator();
        for (int pruned = 0; pruned < limit && rest.hasNext(); ) {
            Map.Entry<UUID, Answered> entry = rest.next();
            if (entry.getValue().record().getAtMillis() < beforeMillis) {
                unit.write(new Write.Delete(
                        new RecordKey.RequestKey(entry.getKey()),
                        entry.getValue().version()));
                rest.remove();
                pruned++;
            }
        }
    }

    /** All of them as they are now. */
    List<RecordsOfTerm.Entry> records() {
        return requests.entrySet().stream()
                .map(entry -> new RecordsOfTerm.Entry(
                        new RecordKey.RequestKey(entry.getKey()),
                        entry.getValue().record()))
                .toList();
    }
}
