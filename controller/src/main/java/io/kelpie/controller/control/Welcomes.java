package io.kelpie.controller.control;

import io.kelpie.common.lease.LeaseTimes;
import io.kelpie.proto.v1.ConnectResponse;
import io.kelpie.proto.v1.ControllerMember;
import io.kelpie.proto.v1.ControllerSet;
import io.kelpie.proto.v1.Welcome;
import java.util.List;

/** What the leader says to a host that it accepts. */
final class Welcomes {
    private final String clusterUuid;
    private final long epoch;
    private final List<String> configured;
    private final LeaseTimes times;

    /** @param configured addresses of controllers as this one's configuration has them, for a store without a set */
    Welcomes(String clusterUuid, long epoch, List<String> configured, LeaseTimes times) {
        this.clusterUuid = clusterUuid;
        this.epoch = epoch;
        this.configured = List.copyOf(configured);
        this.times = times;
    }

    ConnectResponse message(ControllerSet set) {
        List<String> addresses = set.getMembersCount() == 0
                ? configured
                : set.getMembersList().stream()
                        .map(ControllerMember::getAddress)
                        .toList();
        return ConnectResponse.newBuilder()
                .setWelcome(Welcome.newBuilder()
                        .setClusterUuid(clusterUuid)
                        .setEpoch(epoch)
                        .setHeartbeatMillis((int) times.heartbeat().toMillis())
                        .setKillMarginMillis((int) times.killMargin().toMillis())
                        .addAllControllers(addresses)
                        .setControllerSet(set))
                .build();
    }
}
