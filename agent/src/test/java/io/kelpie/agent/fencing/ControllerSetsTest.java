package io.kelpie.agent.fencing;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.proto.v1.ControllerMember;
import io.kelpie.proto.v1.ControllerSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ControllerSetsTest {
    @TempDir
    Path folder;

    private ControllerSets open() throws IOException {
        return ControllerSets.open(folder.resolve("controllers"));
    }

    private static ControllerSet set(long version, String... ids) {
        ControllerSet.Builder set = ControllerSet.newBuilder().setVersion(version);
        for (String id : ids) {
            set.addMembers(ControllerMember.newBuilder()
                    .setControllerId(id)
                    .setAddress("[::1]:78" + id.length())
                    .setMayLead(!id.endsWith("x")));
        }
        return set.build();
    }

    @Test
    void theHighestVersionIsKept() throws IOException {
        ControllerSets sets = open();
        assertThat(sets.highest().getVersion()).isZero();
        assertThat(sets.see(set(2, "c1", "c2x"))).isTrue();
        sets.save();
        assertThat(open().highest()).isEqualTo(set(2, "c1", "c2x"));
    }

    @Test
    void itNeverGoesBackNorSideways() throws IOException {
        ControllerSets sets = open();
        sets.see(set(3, "c1", "c2"));
        assertThat(sets.see(set(2, "c1"))).isFalse();
        assertThat(sets.see(set(3, "c1", "c9"))).isFalse();
        assertThat(sets.see(ControllerSet.getDefaultInstance())).isFalse();
        assertThat(sets.highest()).isEqualTo(set(3, "c1", "c2"));
    }

    @Test
    void aDamagedFileCountsAsNone() throws IOException {
        ControllerSets sets = open();
        sets.see(set(3, "c1", "c2"));
        sets.save();
        String whole = Files.readString(folder.resolve("controllers"));
        Files.writeString(folder.resolve("controllers"), whole.replace("version 3", "version 4"));
        assertThat(open().highest().getVersion()).isZero();
    }

    @Test
    void unanimityIsAllMembersOfTheHighestSetByThatSet() {
        ControllerSet set = set(3, "c1", "c2", "c3");
        assertThat(LeaseRules.SAFE.unanimous(set, Map.of("c1", 3L, "c2", 3L, "c3", 3L)))
                .isTrue();
        assertThat(LeaseRules.SAFE.unanimous(set, Map.of("c1", 3L, "c2", 3L)))
                .as("a majority")
                .isFalse();
        assertThat(LeaseRules.SAFE.unanimous(set, Map.of("c1", 3L, "c2", 3L, "c3", 2L)))
                .as("an older set")
                .isFalse();
        assertThat(LeaseRules.SAFE.unanimous(set, Map.of("c1", 4L, "c2", 4L, "c3", 4L)))
                .as("a set that this host has not seen")
                .isFalse();
        assertThat(LeaseRules.SAFE.unanimous(ControllerSet.getDefaultInstance(), Map.of()))
                .as("nobody")
                .isFalse();
    }
}
