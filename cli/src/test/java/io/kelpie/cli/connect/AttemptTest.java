package io.kelpie.cli.connect;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Attributes;
import io.grpc.ClientStreamTracer;
import io.grpc.Metadata;
import org.junit.jupiter.api.Test;

class AttemptTest {
    private final Attempt attempt = new Attempt(0);
    private final ClientStreamTracer tracer = attempt.newClientStreamTracer(
            ClientStreamTracer.StreamInfo.newBuilder().build(), new Metadata());

    @Test
    void whatWaitsForAConnectionWasNotSent() {
        assertThat(attempt.maySent()).isFalse();
    }

    @Test
    void whatIsAboutToBeWrittenMayHaveBeenSent() {
        tracer.streamCreated(Attributes.EMPTY, new Metadata());

        assertThat(attempt.maySent()).isTrue();
    }
}
