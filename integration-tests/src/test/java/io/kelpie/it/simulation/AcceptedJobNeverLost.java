package io.kelpie.it.simulation;

import java.util.LinkedHashMap;
import java.util.Map;

/** A job whose acceptance was answered is in the store until its deletion was asked for. */
final class AcceptedJobNeverLost implements Checker {
    private final Violations violations;
    private final Map<String, Long> accepted = new LinkedHashMap<>();

    AcceptedJobNeverLost(Violations violations) {
        this.violations = violations;
    }

    void accepted(String job, long version) {
        accepted.put(job, version);
    }

    void deletionAsked(String job) {
        accepted.remove(job);
    }

    @Override
    public void stored(StoreView store) {
        accepted.forEach((job, version) -> {
            var record = store.jobs().get(job);
            if (record == null || record.getVersion() < version) {
                violations.found(
                        this,
                        "job " + job + " was accepted in version " + version + " and is "
                                + (record == null ? "gone" : "in version " + record.getVersion()));
            }
        });
    }
}
