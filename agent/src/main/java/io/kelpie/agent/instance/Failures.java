package io.kelpie.agent.instance;

import java.util.concurrent.CancellationException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Failures in words. */
final class Failures {
    private static final Logger LOG = LoggerFactory.getLogger(Failures.class);

    private Failures() {}

    static String defect(String what, Instance instance, Exception failure) {
        if (failure instanceof CancellationException) {
            return "it was cancelled";
        }
        LOG.error("defect: cannot {} instance {}", what, instance.id, failure);
        return "a defect of the agent (" + failure + "); its log says more of instance " + instance.id;
    }

    static String text(Exception failure) {
        return failure.getMessage() == null ? failure.toString() : failure.getMessage();
    }
}
