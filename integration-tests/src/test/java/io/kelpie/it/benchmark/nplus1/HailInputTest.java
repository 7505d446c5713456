package io.kelpie.it.benchmark.nplus1;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HailInputTest {
    private static final int HOSTS = 10;

    private final FilledCluster cluster = FilledCluster.of(HOSTS, 60);

    @Test
    void whatIsFreeOnANodeIsWhatItsInstancesLeave(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("hail.json");
        HailInput.write(cluster, file);
        JsonNode message = new ObjectMapper().readTree(file.toFile());
        Map<String, Long> free = new HashMap<>();
        message.get("nodes").properties().forEach(node -> {
            assertThat(node.getValue().get("free_memory").asLong()).isBetween(1L, FilledCluster.HOST_MEMORY_MIB / 2);
            free.put(node.getKey(), node.getValue().get("free_memory").asLong());
        });
        message.get("instances")
                .elements()
                .forEachRemaining(instance -> free.merge(
                        instance.get("nodes").get(0).asText(),
                        instance.get("memory").asLong(),
                        Long::sum));

        assertThat(message.get("instances").size()).isEqualTo(cluster.vms().size());
        assertThat(free).hasSize(HOSTS);
        assertThat(free.values()).containsOnly(FilledCluster.HOST_MEMORY_MIB);
        assertThat(message.get("request").get("type").asText()).isEqualTo("allocate");
    }

    @Test
    void theClusterIsTheSameEachTime() {
        assertThat(FilledCluster.of(HOSTS, 60)).isEqualTo(cluster);
    }

    @Test
    void noFillIsNoVm() {
        assertThat(FilledCluster.of(HOSTS, 0)).isEqualTo(new FilledCluster(HOSTS, List.of()));
    }

    @Test
    void theVmsOfAnyHostFindRoomOnTheOthers() {
        long[] memoryMib = new long[HOSTS];
        cluster.vms().forEach(vm -> memoryMib[vm.host()] += vm.memoryMib());
        long freeMib = 0;
        for (long used : memoryMib) {
            freeMib += FilledCluster.HOST_MEMORY_MIB - used;
        }
        for (long used : memoryMib) {
            long onOthersMib = freeMib - (FilledCluster.HOST_MEMORY_MIB - used);
            assertThat(onOthersMib).isGreaterThan(2 * used);
        }
    }
}
