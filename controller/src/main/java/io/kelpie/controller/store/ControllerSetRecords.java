package io.kelpie.controller.store;

import com.google.protobuf.InvalidProtocolBufferException;
import io.kelpie.controller.model.Controller;
import io.kelpie.controller.model.ControllerSet;
import io.kelpie.proto.v1.ControllerMember;
import io.kelpie.proto.v1.ControllerSetRecord;

/** The controller set as it is stored and as it is sent. */
public final class ControllerSetRecords {
    private static final int FORMAT = 1;

    private ControllerSetRecords() {}

    /** Reads the record; fails on one of a later format rather than guess what it means. */
    public static ControllerSet parse(byte[] data) throws InvalidProtocolBufferException {
        ControllerSetRecord record = ControllerSetRecord.parseFrom(data);
        if (record.getFormat() != FORMAT) {
            throw new InvalidProtocolBufferException("the record of the controller set has format " + record.getFormat()
                    + ", this controller knows " + FORMAT);
        }
        return of(record);
    }

    /** The set of a record; without members if it is no record's. */
    public static ControllerSet of(ControllerSetRecord record) {
        return new ControllerSet(
                record.getSet().getVersion(),
                record.getSet().getMembersList().stream()
                        .map(member -> new Controller(
                                member.getControllerId(), member.getAddress(), member.getMayLead(), member.getSince()))
                        .toList(),
                record.getAwaitedList());
    }

    public static ControllerSetRecord record(ControllerSet set) {
        return ControllerSetRecord.newBuilder()
                .setFormat(FORMAT)
                .setSet(message(set))
                .addAllAwaited(set.awaited())
                .build();
    }

    /** The set as hosts and operators are told it. */
    public static io.kelpie.proto.v1.ControllerSet message(ControllerSet set) {
        io.kelpie.proto.v1.ControllerSet.Builder message =
                io.kelpie.proto.v1.ControllerSet.newBuilder().setVersion(set.version());
        for (Controller member : set.members()) {
            message.addMembers(ControllerMember.newBuilder()
                    .setControllerId(member.id())
                    .setAddress(member.address())
                    .setMayLead(member.mayLead())
                    .setSince(member.since()));
        }
        return message.build();
    }
}
