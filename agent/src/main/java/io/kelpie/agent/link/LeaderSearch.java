package io.kelpie.agent.link;

import io.kelpie.agent.instance.AgentLoop;
import io.kelpie.proto.v1.WatchLeaderRequest;
import io.kelpie.proto.v1.WatchLeaderResponse;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * While this host has no leader, keeps a call open to every controller, on which one that leads says so at once. So
 * neither a controller that is stopped nor an address that swallows everything keeps the host from the leader: each has a
 * call of its own, and none waits for another.
 *
 * <p>What is heard is a hint where to dial. Belongs to the loop; callbacks of the transport go there first.
 */
final class LeaderSearch {
    private static final Logger LOG = LoggerFactory.getLogger(LeaderSearch.class);
    private static final long FIRST_BOUND_MILLIS = 100;
    private static final long LAST_BOUND_MILLIS = 1_000;

    /** Who looks for a leader. */
    interface Owner {
        /** The controller at this address says that it leads in this epoch. */
        void leads(String address, long epoch);
    }

    private final AgentLoop loop;
    private final Transport transport;
    private final RandomGenerator random;
    private final WatchLeaderRequest request;
    private final Owner owner;
    private final Map<String, Ask> asks = new LinkedHashMap<>();
    private boolean searching;
    private long highestSaid;

    LeaderSearch(AgentLoop loop, Transport transport, RandomGenerator random, String hostId, Owner owner) {
        this.loop = loop;
        this.transport = transport;
        this.random = random;
        this.request = WatchLeaderRequest.newBuilder().setHostId(hostId).build();
        this.owner = owner;
    }

    /** There is no leader: asks these controllers, those that it does not ask yet. */
    void begin(List<String> addresses) {
        searching = true;
        for (String address : addresses) {
            asks.computeIfAbsent(address, Ask::new);
        }
    }

    /** There is a leader, or none is wanted any more. */
    void end() {
        searching = false;
        highestSaid = 0;
        asks.values().forEach(Ask::end);
        asks.clear();
    }

    boolean isSearching() {
        return searching;
    }

    private void said(String address, long epoch) {
        LOG.debug("{} says that it leads in epoch {}", address, epoch);
        // One that led before may not know yet that it leads no more.
        if (epoch >= highestSaid) {
            highestSaid = epoch;
            owner.leads(address, epoch);
        }
    }

    /** What is asked of one controller, again and again if need be. */
    private final class Ask {
        private final String address;
        private long boundMillis = FIRST_BOUND_MILLIS;
        private Transport.@Nullable Watch watch;
        private AgentLoop.@Nullable Timer waiting;
        private boolean over;

        Ask(String address) {
            this.address = address;
            again();
        }

        /** After a random wait, so that the hosts of a lost leader do not come all at the same moment. */
        private void again() {
            waiting = loop.schedule(Duration.ofMillis(random.nextLong(boundMillis + 1)), this::open);
            boundMillis = Math.min(LAST_BOUND_MILLIS, 2 * boundMillis);
        }

        private void open() {
            waiting = null;
            watch = transport.watchLeader(address, request, new Transport.WatchListener() {
                @Override
                public void leads(WatchLeaderResponse message) {
                    loop.execute(() -> {
                        if (!over) {
                            said(address, message.getEpoch());
                        }
                    });
                }

                @Override
                public void ended(String why) {
                    loop.execute(() -> {
                        if (!over) {
                            LOG.debug("{} does not say whether it leads: {}", address, why);
                            watch = null;
                            again();
                        }
                    });
                }
            });
        }

        void end() {
            over = true;
            if (waiting != null) {
                waiting.cancel();
            }
            if (watch != null) {
                watch.close();
            }
        }
    }
}
