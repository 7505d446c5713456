package io.kelpie.controller.api;

import io.kelpie.controller.fence.FenceFailedException;
import io.kelpie.controller.fence.FencePlugin;
import io.kelpie.controller.fence.FenceTarget;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** A plug-in that does at once what a test says. */
final class FakeFencePlugin implements FencePlugin {
    final List<FenceTarget> targets = Collections.synchronizedList(new ArrayList<>());

    volatile Body body = target -> {};

    /** What a run does; returns when the host is off. */
    interface Body {
        void run(FenceTarget target) throws FenceFailedException, InterruptedException;
    }

    @Override
    public void powerOff(FenceTarget target) throws FenceFailedException, InterruptedException {
        targets.add(target);
        body.run(target);
    }
}
