package io.kelpie.agent.link;

import io.kelpie.proto.v1.CommandAck;
import io.kelpie.proto.v1.ConnectRequest;
import io.kelpie.proto.v1.Heartbeat;
import io.kelpie.proto.v1.HostCapabilities;
import io.kelpie.proto.v1.HostCapacity;
import io.kelpie.proto.v1.InstanceReport;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What waits to be sent, bounded by what there is: one heartbeat, one report an instance (the newest), one answer a
 * command. Belongs to the loop.
 */
final class Outbox {
    private record InstanceKey(String vmId, long incarnation) {}

    private record CommandKey(String vmId, long incarnation, long sequence) {}

    private final Map<CommandKey, CommandAck> acks = new LinkedHashMap<>();
    private final Map<InstanceKey, InstanceReport> reports = new LinkedHashMap<>();
    private final Supplier<Heartbeat> heartbeat;
    private boolean heartbeatDue;
    private @Nullable HostCapabilities capabilities;
    private @Nullable HostCapacity capacity;

    /** @param heartbeat makes a heartbeat at the moment at which it is sent */
    Outbox(Supplier<Heartbeat> heartbeat) {
        this.heartbeat = heartbeat;
    }

    void heartbeatDue() {
        heartbeatDue = true;
    }

    void put(HostCapabilities newest) {
        capabilities = newest;
    }

    void put(HostCapacity newest) {
        capacity = newest;
    }

    void put(CommandAck ack) {
        acks.put(new CommandKey(ack.getVmId(), ack.getIncarnation(), ack.getSequence()), ack);
    }

    void put(InstanceReport newest) {
        reports.put(new InstanceKey(newest.getVmId(), newest.getIncarnation()), newest);
    }

    /** Answers that wait. */
    int acks() {
        return acks.size();
    }

    /** Takes the next message: signs of life first, then answers, then reports. */
    Optional<ConnectRequest> next() {
        ConnectRequest.Builder message = ConnectRequest.newBuilder();
        if (heartbeatDue) {
            heartbeatDue = false;
            return Optional.of(message.setHeartbeat(heartbeat.get()).build());
        }
        if (!acks.isEmpty()) {
            return Optional.of(message.setAck(first(acks)).build());
        }
        if (!reports.isEmpty()) {
            return Optional.of(message.setReport(first(reports)).build());
        }
        if (capabilities != null) {
            message.setCapabilities(capabilities);
            capabilities = null;
            return Optional.of(message.build());
        }
        if (capacity != null) {
            message.setCapacity(capacity);
            capacity = null;
            return Optional.of(message.build());
        }
        return Optional.empty();
    }

    private static <K, V> V first(Map<K, V> map) {
        Iterator<V> values = map.values().iterator();
        V value = values.next();
        values.remove();
        return value;
    }
}
