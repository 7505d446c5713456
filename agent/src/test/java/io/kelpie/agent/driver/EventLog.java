package io.kelpie.agent.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** Keeps the events of a driver. */
public final class EventLog implements Consumer<DriverEvent> {
    private final List<DriverEvent> events = new CopyOnWriteArrayList<>();

    @Override
    public void accept(DriverEvent event) {
        events.add(event);
    }

    public List<ExitInfo> exits(InstanceId id) {
        return events.stream()
                .filter(DriverEvent.Exited.class::isInstance)
                .map(DriverEvent.Exited.class::cast)
                .filter(event -> event.id().equals(id))
                .map(DriverEvent.Exited::exit)
                .toList();
    }

    public List<InstanceStatus.Power> powers(InstanceId id) {
        return events.stream()
                .filter(DriverEvent.PowerChanged.class::isInstance)
                .map(DriverEvent.PowerChanged.class::cast)
                .filter(event -> event.id().equals(id))
                .map(DriverEvent.PowerChanged::power)
                .toList();
    }

    /** Waits for the one exit of the instance. */
    public ExitInfo awaitExit(InstanceId id) {
        await().atMost(Duration.ofSeconds(10))
                .pollInterval(Duration.ofMillis(5))
                .until(() -> !exits(id).isEmpty());
        assertThat(exits(id)).hasSize(1);
        return exits(id).get(0);
    }

    /** Waits until the last reported power is the given one. */
    public void awaitPower(InstanceId id, InstanceStatus.Power power) {
        await().atMost(Duration.ofSeconds(10))
                .pollInterval(Duration.ofMillis(5))
                .until(() -> !powers(id).isEmpty() && powers(id).get(powers(id).size() - 1) == power);
    }
}
