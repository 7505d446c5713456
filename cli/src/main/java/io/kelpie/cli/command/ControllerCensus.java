package io.kelpie.cli.command;

import io.kelpie.cli.connect.ControllerAddress;
import io.kelpie.cli.connect.Controllers;
import io.kelpie.proto.v1.ControllerMember;
import io.kelpie.proto.v1.ControllerSet;
import io.kelpie.proto.v1.GetStatusResponse;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What every controller says of itself that is configured, that is a member of the set, or that is named as the leader.
 *
 * @param rows in the order in which they were asked
 */
record ControllerCensus(List<Row> rows) {
    /** @param status null: it did not answer, for {@code reason} */
    record Row(ControllerAddress address, @Nullable GetStatusResponse status, String reason) {
        Optional<GetStatusResponse> answer() {
            return Optional.ofNullable(status);
        }

        /** What it does, in a word; {@code -} if it does not answer. */
        String role() {
            if (status == null) {
                return "-";
            }
            if (status.getLeading()) {
                return "leader";
            }
            ControllerSet set = status.getControllerSet();
            if (set.getMembersCount() == 0) {
                return "standby"; // it has not read the set
            }
            return set.getMembersList().stream()
                    .filter(member -> member.getControllerId().equals(status.getControllerId()))
                    .findFirst()
                    .map(member -> member.getMayLead() ? "standby" : "joining")
                    .orElse("no member");
        }
    }

    static ControllerCensus take(Connection connection) {
        Deque<ControllerAddress> next = new ArrayDeque<>(connection.addresses());
        Map<ControllerAddress, Row> rows = new LinkedHashMap<>();
        while (!next.isEmpty()) {
            ControllerAddress address = next.removeFirst();
            if (rows.containsKey(address)) {
                continue;
            }
            Controllers.Answer<GetStatusResponse> answer = connection.api().status(address);
            if (answer instanceof Controllers.Answer.Given<GetStatusResponse> given) {
                GetStatusResponse status = given.value();
                rows.put(address, new Row(address, status, ""));
                boolean leaderIsThere = rows.values().stream()
                        .anyMatch(row ->
                                row.answer().map(GetStatusResponse::getLeading).orElse(false));
                if (!leaderIsThere) {
                    ControllerAddress.parse(status.getLeaderAddress()).ifPresent(next::addLast);
                }
                status.getControllerSet()
                        .getMembersList()
                        .forEach(member ->
                                ControllerAddress.parse(member.getAddress()).ifPresent(next::addLast));
            } else if (answer instanceof Controllers.Answer.None<GetStatusResponse> none) {
                rows.put(address, new Row(address, null, none.reason()));
            }
        }
        return new ControllerCensus(new ArrayList<>(rows.values()));
    }

    /** What the leader says; empty if none was found. */
    Optional<GetStatusResponse> leader() {
        return answers().stream().filter(GetStatusResponse::getLeading).findFirst();
    }

    List<GetStatusResponse> answers() {
        return rows.stream().flatMap(row -> row.answer().stream()).toList();
    }

    /** The set with the highest version that anyone has read; of two, the one that is settled. */
    ControllerSet set() {
        ControllerSet latest = ControllerSet.getDefaultInstance();
        for (GetStatusResponse status : answers()) {
            ControllerSet set = status.getControllerSet();
            boolean settled = set.getVersion() == latest.getVersion()
                    && set.getMembersList().stream().allMatch(ControllerMember::getMayLead);
            if (set.getVersion() > latest.getVersion() || settled) {
                latest = set;
            }
        }
        return latest;
    }

    /** Members that have not acknowledged the set, as the leader knows it, or else anyone. */
    List<String> awaited() {
        return leader().or(() -> answers().stream().findFirst())
                .map(status -> (List<String>) status.getAwaitedControllersList())
                .orElse(List.of());
    }
}
