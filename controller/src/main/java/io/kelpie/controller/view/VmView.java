package io.kelpie.controller.view;

import io.kelpie.proto.v1.Decision;
import io.kelpie.proto.v1.InstanceReport;
import io.kelpie.proto.v1.VmRecord;
import io.kelpie.proto.v1.VmTemplate;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A VM as it is committed, with what the leader has observed of it.
 *
 * @param name its name
 * @param record the committed record; of a VM that was never placed, the record that it would have
 * @param template what it runs or will run
 * @param observed what its host last reported of its present instance
 * @param pendingDecision why it has no place
 */
public record VmView(
        VmName name,
        VmRecord record,
        VmTemplate template,
        @Nullable InstanceReport observed,
        @Nullable Decision pendingDecision) {
    /** The last decision on it: why it has no place, or why it has the place that it has or had last. */
    public Optional<Decision> decision() {
        if (pendingDecision != null) {
            return Optional.of(pendingDecision);
        }
        return record.hasDecision() ? Optional.of(record.getDecision()) : Optional.empty();
    }
}
