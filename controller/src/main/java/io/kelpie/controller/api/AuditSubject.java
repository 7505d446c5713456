package io.kelpie.controller.api;

import com.google.protobuf.Message;
import io.kelpie.proto.v1.AddControllerRequest;
import io.kelpie.proto.v1.ApplyJobRequest;
import io.kelpie.proto.v1.ConfirmHostDeadRequest;
import io.kelpie.proto.v1.ControlJobRequest;
import io.kelpie.proto.v1.ControlVmRequest;
import io.kelpie.proto.v1.CordonHostRequest;
import io.kelpie.proto.v1.DeleteJobRequest;
import io.kelpie.proto.v1.DrainHostRequest;
import io.kelpie.proto.v1.FenceHostRequest;
import io.kelpie.proto.v1.FreezeClusterRequest;
import io.kelpie.proto.v1.RebalanceRequest;
import io.kelpie.proto.v1.RemoveControllerRequest;
import io.kelpie.proto.v1.RemoveHostRequest;
import io.kelpie.proto.v1.ResolveOrphanRequest;
import io.kelpie.proto.v1.ScaleJobRequest;

/**
 * What a request is about, for the audit log. Specs are not in it: they may hold secrets, and the store has them.
 *
 * @param name as events name it, or {@code cluster}
 * @param detail what is asked for where the method does not say all; may be empty
 */
record AuditSubject(String name, String detail) {
    private static final String REQUEST = "Request";

    /** The method of a request, e.g. {@code ApplyJob}. */
    static String method(Message request) {
        String name = request.getDescriptorForType().getName();
        return name.endsWith(REQUEST) ? name.substring(0, name.length() - REQUEST.length()) : name;
    }

    static AuditSubject of(Message request) {
        if (request instanceof ApplyJobRequest apply) {
            return job(
                    apply.getSpec().getNamespace(),
                    apply.getSpec().getName(),
                    "replicas=" + apply.getSpec().getReplicas());
        } else if (request instanceof ScaleJobRequest scale) {
            return job(scale.getNamespace(), scale.getName(), "replicas=" + scale.getReplicas());
        } else if (request instanceof ControlJobRequest control) {
            return job(control.getNamespace(), control.getName(), "action=" + control.getAction());
        } else if (request instanceof DeleteJobRequest delete) {
            return job(delete.getNamespace(), delete.getName(), "delete_disks=" + delete.getDeleteDisks());
        } else if (request instanceof ControlVmRequest control) {
            return new AuditSubject(
                    "vm/" + control.getNamespace() + "/" + control.getName(), "action=" + control.getAction());
        } else if (request instanceof CordonHostRequest cordon) {
            return host(cordon.getHost(), "cordoned=" + cordon.getCordoned());
        } else if (request instanceof DrainHostRequest drain) {
            return host(drain.getHost(), "at_once=" + drain.getAtOnce());
        } else if (request instanceof ConfirmHostDeadRequest confirm) {
            return host(confirm.getHost(), "");
        } else if (request instanceof FenceHostRequest fence) {
            return host(fence.getHost(), "");
        } else if (request instanceof RemoveHostRequest remove) {
            return host(remove.getHost(), "");
        } else if (request instanceof ResolveOrphanRequest orphan) {
            return host(
                    orphan.getHost(),
                    "vm_id=" + orphan.getVmId() + " incarnation=" + orphan.getIncarnation() + " action="
                            + orphan.getAction());
        } else if (request instanceof AddControllerRequest add) {
            return new AuditSubject("cluster", "controller=" + add.getControllerId() + " address=" + add.getAddress());
        } else if (request instanceof RemoveControllerRequest remove) {
            return new AuditSubject(
                    "cluster",
                    "controller=" + remove.getControllerId() + " confirmed_dead=" + remove.getConfirmedDead());
        } else if (request instanceof RebalanceRequest rebalance) {
            return new AuditSubject(
                    "cluster",
                    "goal=" + rebalance.getGoal() + " max_moves=" + rebalance.getMaxMoves() + " at_once="
                            + rebalance.getAtOnce());
        } else if (request instanceof FreezeClusterRequest freeze) {
            return new AuditSubject("cluster", "duration_seconds=" + freeze.getDurationSeconds());
        }
        return new AuditSubject("cluster", "");
    }

    private static AuditSubject job(String namespace, String name, String detail) {
        return new AuditSubject("job/" + namespace + "/" + name, detail);
    }

    private static AuditSubject host(String nameOrId, String detail) {
        return new AuditSubject("host/" + nameOrId, detail);
    }
}
