package io.kelpie.controller.audit;

/**
 * A change that an operator asks for.
 *
 * @param requestId the request's id, as the operator's command made it
 * @param method e.g. {@code ConfirmHostDead}
 * @param subject what is to be changed: {@code job/<ns>/<name>}, {@code vm/<ns>/<name>}, {@code host/<name or id>} or
 *     {@code cluster}
 * @param detail what is asked for where the method does not say all, e.g. {@code replicas=5}; may be empty
 * @param peer who asks: the address of the connection
 */
public record AuditEntry(String requestId, String method, String subject, String detail, String peer) {}
