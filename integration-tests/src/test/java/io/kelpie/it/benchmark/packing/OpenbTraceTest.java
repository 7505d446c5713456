package io.kelpie.it.benchmark.packing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kelpie.controller.replay.Trace;
import io.kelpie.controller.replay.input.VmFile;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class OpenbTraceTest {
    private static final String HEADER = "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,"
            + "creation_time,deletion_time,scheduled_time\n";

    @Test
    void podsBecomeVmsThatReplayReads() throws Exception {
        StringBuilder csv = new StringBuilder();
        OpenbTrace converted = OpenbTrace.convert(
                pods("openb-pod-0000,12000,16384,1,1000,,LS,Running,0,12537496,0\n"
                        + "openb-pod-0001,6100,3838,1,460,,LS,Running,427061,12902960,427061\n"
                        + "openb-pod-0002,12000,24576,1,1000,,LS,Pending,1558381,12902960,\n"
                        + "openb-pod-0003,12000,24576,1,1000,,LS,Failed,1558381,1558381,1558381\n"),
                csv);

        assertThat(converted).isEqualTo(new OpenbTrace(2, 1, 1));
        assertThat(csv)
                .hasToString("vm,vcpus,memory_gib,arrive_s,lifetime_s\n"
                        + "openb-pod-0000,12,16,0,12537496\n"
                        + "openb-pod-0001,7,3.748046875,427061,12475899\n");
        Trace trace =
                VmFile.read("openb.csv", new ByteArrayInputStream(csv.toString().getBytes(StandardCharsets.UTF_8)));
        assertThat(trace.vms()).extracting(vm -> vm.vm().memoryMib()).containsExactly(16_384L, 3838L);
    }

    @Test
    void aPodWithoutMemoryHasTheLeastThatAVmCanHave() throws Exception {
        StringBuilder csv = new StringBuilder();
        OpenbTrace.convert(pods("openb-pod-0000,0,0,0,0,,BE,Running,5,9,5\n"), csv);

        Trace trace = DataFolder.read("openb.csv", csv);

        assertThat(trace.vms())
                .singleElement()
                .satisfies(vm -> assertThat(vm.vm().vcpus()).isEqualTo(1))
                .satisfies(vm -> assertThat(vm.vm().memoryMib()).isEqualTo(1));
    }

    @Test
    void anotherFileIsRefused() {
        assertThatThrownBy(() -> OpenbTrace.convert(new BufferedReader(new StringReader("a,b\n")), new StringBuilder()))
                .isInstanceOf(IOException.class)
                .hasMessage("not the pods of openb-2023: a,b");
    }

    private static BufferedReader pods(String rows) {
        return new BufferedReader(new StringReader(HEADER + rows));
    }
}
