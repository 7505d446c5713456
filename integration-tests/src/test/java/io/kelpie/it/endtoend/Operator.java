package io.kelpie.it.endtoend;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.kelpie.it.cluster.BootSector;
import io.kelpie.it.cluster.LocalCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What an operator does with jobs of boot sector guests, by the command line. Thread-safe. */
final class Operator {
    private static final String TIMEOUT = "90s";

    private final LocalCluster cluster;
    private final Path folder;
    private final ObjectMapper mapper = new ObjectMapper();

    /** A VM, as {@code get vms} shows it. */
    record Vm(String name, String id, String job, String state, long incarnation, String host, long pid) {}

    /** @param folder for job files; below the cluster's own folder it would count as the cluster's */
    Operator(LocalCluster cluster, Path folder) throws IOException {
        this.cluster = cluster;
        this.folder = Files.createDirectories(folder);
        for (LocalCluster.Agent agent : cluster.agents()) {
            BootSector.writeTo(agent.pool().resolve("boot.img"));
        }
    }

    /** Applies a job; retries for as long as a change of leaders may take. */
    void apply(String job, int replicas, String driver) throws IOException, InterruptedException {
        Path file = Files.writeString(folder.resolve(job + ".yaml"), """
                apiVersion: kelpie/v1
                kind: Job
                metadata: {name: %s}
                spec:
                  replicas: %d
                  vm:
                    vcpus: 1
                    memory: 16Mi
                    acceleration: {mode: any}
                    boot: {image: {file: boot.img}}
                    root: {size: 1Mi, keep: false}
                    stop: {graceSeconds: 0}
                    driver: %s
                """.formatted(job, replicas, driver));
        cluster.kelpie("apply", "-f", file.toString(), "--request-timeout", "60s")
                .succeeded();
    }

    /** Waits until {@code job/NAME} or {@code vm/NAME} is as named. */
    void await(String condition, String object) throws IOException, InterruptedException {
        cluster.kelpie("wait", "--for=" + condition, object, "--timeout", TIMEOUT, "--request-timeout", "60s")
                .succeeded();
    }

    /** The job's VMs once all of them run. */
    List<Vm> running(String job) throws IOException, InterruptedException {
        await("running", "job/" + job);
        return vms(job);
    }

    /** Deletes a job, and waits until nothing is left of it. */
    void delete(String job) throws IOException, InterruptedException {
        cluster.kelpie("delete", "job", job, "--request-timeout", "60s").succeeded();
        await("deleted", "job/" + job);
    }

    /** The job's VMs, by name. */
    List<Vm> vms(String job) throws IOException, InterruptedException {
        String json = cluster.kelpie("get", "vms", "-o", "json", "--request-timeout", "60s")
                .succeeded()
                .stdout();
        List<Vm> vms = new ArrayList<>();
        for (JsonNode vm : mapper.readTree(json).path("items")) {
            JsonNode record = vm.path("record");
            if (record.path("job").asText().equals(job)) {
                vms.add(new Vm(
                        vm.path("name").asText(),
                        record.path("vmId").asText(),
                        job,
                        record.path("state").asText(),
                        record.path("incarnation").asLong(),
                        vm.path("hostName").asText(),
                        vm.path("observed").path("pid").asLong()));
            }
        }
        return vms;
    }

    /** The VM of this name. */
    Vm vm(String job, String name) throws IOException, InterruptedException {
        return vms(job).stream()
                .filter(vm -> vm.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError("there is no VM " + name));
    }
}
