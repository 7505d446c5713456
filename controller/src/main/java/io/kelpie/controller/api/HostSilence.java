package io.kelpie.controller.api;

import io.grpc.Status;
import io.kelpie.common.error.KelpieException;
import io.kelpie.controller.control.SuspectedHost;
import io.kelpie.controller.dispatch.HostContacts;
import io.kelpie.proto.v1.ControllerMember;
import io.kelpie.proto.v1.ErrorReason;
import io.kelpie.proto.v1.GetHostContactResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;

/**
 * Whether no controller has heard a host lately: before that, nobody's word makes it dead. Who was started lately cannot
 * know, and who does not answer may hear it at this moment. Thread-safe.
 */
public final class HostSilence {
    /** How long a host must have been silent. */
    static final Duration SILENCE = Duration.ofSeconds(60);

    private static final Duration DEADLINE = Duration.ofSeconds(2);

    private final String self;
    private final HostContacts contacts;
    private final Peers peers;

    /** @param self this controller's id */
    public HostSilence(String self, HostContacts contacts, Peers peers) {
        this.self = self;
        this.contacts = contacts;
        this.peers = peers;
    }

    /** What this controller answers when it is asked about a host. */
    public GetHostContactResponse own(String hostId) {
        OptionalLong heard = contacts.millisSince(hostId);
        return GetHostContactResponse.newBuilder()
                .setControllerId(self)
                .setHeard(heard.isPresent())
                .setMillisAgo(heard.orElse(contacts.listeningMillis()))
                .build();
    }

    /** Throws the refusal if this controller has heard the host lately, or cannot know. */
    public void requireHere(SuspectedHost host) {
        require(own(host.id()), host);
    }

    /** Asks all other controllers at once; fails with the refusal of the first that objects or does not answer. */
    public CompletableFuture<Void> requireEverywhere(SuspectedHost host) {
        requireHere(host);
        List<CompletableFuture<Void>> all = host.controllers().getMembersList().stream()
                .filter(member -> !member.getControllerId().equals(self))
                .map(member -> peers.hostContact(member, host.id(), DEADLINE).handle((answer, failure) -> {
                    if (failure != null) {
                        throw noAnswer(member, host, failure);
                    }
                    require(answer, host);
                    return (Void) null;
                }))
                .toList();
        return CompletableFuture.allOf(all.toArray(new CompletableFuture<?>[0]));
    }

    private void require(GetHostContactResponse contact, SuspectedHost host) {
        long missing = SILENCE.toMillis() - contact.getMillisAgo();
        if (missing <= 0) {
            return;
        }
        String controller = contact.getControllerId();
        long seconds = (missing + 999) / 1000;
        String problem = contact.getHeard()
                ? "controller " + controller + " heard host " + host.name() + " " + contact.getMillisAgo() + " ms ago"
                : "controller " + controller + " was started " + contact.getMillisAgo()
                        + " ms ago and cannot know yet whether host " + host.name() + " is silent";
        String fix = contact.getHeard()
                ? "if it is dead nevertheless, make sure that it is switched off and ask again in " + seconds
                        + " s; if it lives, power it off: kelpie host fence " + host.name()
                : "ask again in " + seconds + " s";
        throw new KelpieException(
                ErrorReason.ERROR_REASON_HOST_ALIVE,
                problem,
                fix,
                Map.of("controller", controller, "millis_ago", String.valueOf(contact.getMillisAgo())));
    }

    private static KelpieException noAnswer(ControllerMember member, SuspectedHost host, Throwable failure) {
        Status.Code code = Status.fromThrowable(failure).getCode();
        String id = member.getControllerId();
        return new KelpieException(
                ErrorReason.ERROR_REASON_HOST_ALIVE,
                "controller " + id + " (" + member.getAddress() + ") does not say whether it has heard host "
                        + host.name() + ": "
                        + (code == Status.Code.DEADLINE_EXCEEDED
                                ? "no answer within " + DEADLINE.toSeconds() + " s"
                                : code),
                "start controller " + id + ", or if its process is dead: kelpie cluster controllers remove " + id
                        + " --confirm-dead; then ask again",
                Map.of("controller", id));
    }
}
