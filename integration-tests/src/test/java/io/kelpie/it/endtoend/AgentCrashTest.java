package io.kelpie.it.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kelpie.it.cluster.LibvirtDaemons;
import io.kelpie.it.cluster.LocalCluster;
import io.kelpie.it.endtoend.Operator.Vm;
import io.kelpie.it.endtoend.QemuCensus.Qemu;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** VMs do not notice that their agent was killed, and the next agent has all of its power over them. */
@Tag("real")
class AgentCrashTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final double ADOPTION_SECONDS_MAX = 2;

    @TempDir
    private static Path folder;

    private static LibvirtDaemons libvirt;
    private static LocalCluster cluster;
    private static QemuCensus census;
    private static Operator operator;

    @BeforeAll
    static void startCluster() throws Exception {
        libvirt = LibvirtDaemons.running();
        cluster = LocalCluster.in(folder.resolve("k"))
                .agents(1)
                .drivers("qemu", "libvirt")
                .capacity(8, "2Gi")
                .start();
        census = QemuCensus.of(cluster.folder());
        operator = new Operator(cluster, folder.resolve("jobs"));
    }

    @AfterAll
    static void stopCluster() throws Exception {
        try (LibvirtDaemons daemons = libvirt;
                LocalCluster local = cluster;
                QemuCensus observer = census) {
            if (observer != null) {
                assertThat(observer.doubles()).isEmpty();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"qemu", "libvirt"})
    void vmsOutliveTheirAgentAndTheNextOneAdoptsThem(String driver) throws Exception {
        operator.apply(driver, 4, driver);
        Map<String, Qemu> before = qemusOf(operator.running(driver));
        LocalCluster.Agent agent = cluster.agent(0);

        agent.process().kill();
        assertThat(qemusOf(operator.vms(driver))).isEqualTo(before);
        // One VM ends while nobody looks.
        Objects.requireNonNull(before.remove(driver + "-3")).kill();
        agent.process().start();
        await("a connected agent")
                .atMost(PATIENCE)
                .until(() -> cluster.shows(agent.metricsAddress(), "kelpie_agent_connected 1.0"));

        // The start of a Java runtime is not ours, and long on a loaded machine; what the agent does then is.
        assertThat(cluster.metric(agent.metricsAddress(), "kelpie_agent_recovery_seconds"))
                .as("seconds until the agent knew its VMs again")
                .isBetween(0.001, ADOPTION_SECONDS_MAX);
        await("the VM that ended to run again")
                .atMost(PATIENCE)
                .until(() -> operator.vm(driver, driver + "-3").incarnation() == 2);
        List<Vm> adopted = operator.running(driver);
        Map<String, Qemu> after = qemusOf(adopted);
        assertThat(after).containsAllEntriesOf(before).hasSize(4);
        assertThat(adopted).allSatisfy(vm -> {
            assertThat(vm.state()).isEqualTo("RUNNING");
            assertThat(vm.pid()).isEqualTo(qemuOf(after, vm).pid());
            assertThat(vm.incarnation()).isEqualTo(before.containsKey(vm.name()) ? 1 : 2);
        });

        Vm stopped = vmOf(adopted, driver + "-0");
        cluster.kelpie("stop", "vm", stopped.name()).succeeded();
        operator.await("stopped", "vm/" + stopped.name());
        assertThat(census.now(stopped.id())).isEmpty();

        Vm killed = vmOf(adopted, driver + "-1");
        qemuOf(after, killed).kill();
        await("an adopted VM to be started again")
                .atMost(PATIENCE)
                .until(() -> operator.vm(driver, killed.name()).incarnation() == 2);
        operator.await("running", "vm/" + killed.name());
        assertThat(census.now(killed.id())).hasSize(1).doesNotContain(qemuOf(after, killed));

        Vm untouched = vmOf(adopted, driver + "-2");
        assertThat(census.ever(untouched.id())).containsExactly(qemuOf(before, untouched));
        operator.delete(driver);
        for (Vm vm : adopted) {
            assertThat(census.now(vm.id())).isEmpty();
        }
    }

    @Test
    void aVmOfDriverLibvirtShowsInVirshList() throws Exception {
        operator.apply("shown", 1, "libvirt");
        operator.running("shown");
        assertThat(domainsOf("shown-0")).hasSize(1);
        operator.delete("shown");
        // libvirtd takes a second or so to see that a QEMU is gone
        await("virsh to list it no more").atMost(PATIENCE).until(() -> domainsOf("shown-0"), List::isEmpty);
    }

    private static List<String> domainsOf(String vm) throws Exception {
        return libvirt.domains().stream().filter(name -> name.contains(vm)).toList();
    }

    private static Vm vmOf(List<Vm> vms, String name) {
        return vms.stream().filter(vm -> vm.name().equals(name)).findFirst().orElseThrow();
    }

    private static Qemu qemuOf(Map<String, Qemu> qemus, Vm vm) {
        return Objects.requireNonNull(qemus.get(vm.name()), vm.name());
    }

    /** The one QEMU of each VM, by the VM's name. */
    private static Map<String, Qemu> qemusOf(List<Vm> vms) throws Exception {
        Map<String, Qemu> qemus = new HashMap<>();
        for (Vm vm : vms) {
            List<Qemu> present = census.now(vm.id());
            assertThat(present).as(vm.toString()).hasSize(1);
            qemus.put(vm.name(), present.get(0));
        }
        return qemus;
    }
}
