package io.kelpie.controller.replay.input;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.replay.ReplayHost;
import io.kelpie.controller.replay.ReplayHost.NumaNode;
import io.kelpie.controller.replay.ReplayPool;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HostFileTest {
    private static final String ONE = "host,rack,numa0_vcpus,numa0_memory_gib\n";
    private static final String TWO = "host,rack,numa0_vcpus,numa0_memory_gib,numa1_vcpus,numa1_memory_gib\n";

    @Test
    void readsHostsOfTwoNumaNodesAndTheirRacks() throws Exception {
        ReplayPool pool = read(TWO + "a,r1,16,32,32,64.5\nb,r2,8,16,,\nc,r1,4,8,0,0");

        assertThat(pool.racks()).containsExactly("r1", "r2");
        assertThat(pool.hosts())
                .containsExactly(
                        new ReplayHost("a", 0, List.of(new NumaNode(16, 32 * 1024), new NumaNode(32, 64 * 1024 + 512))),
                        new ReplayHost("b", 1, List.of(new NumaNode(8, 16 * 1024))),
                        new ReplayHost("c", 0, List.of(new NumaNode(4, 8 * 1024), new NumaNode(0, 0))));
    }

    @Test
    void columnsMayStandInAnyOrderAndLinesEndAsOnWindows() throws Exception {
        ReplayPool pool = read("numa0_memory_gib,numa0_vcpus,rack,host\r\n32,16,r,a\r\n");

        assertThat(pool.hosts()).containsExactly(new ReplayHost("a", 0, List.of(new NumaNode(16, 32 * 1024))));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a,r,x,1         | line 2, column 3 (numa0_vcpus): 'x' is not a number; fix: write a whole number from 0",
                "a,r,-4,1        | line 2, column 3 (numa0_vcpus): '-4' is negative",
                "a,r,1.5,1       | line 2, column 3 (numa0_vcpus): '1.5' is a fraction",
                "a,r,70000,1     | line 2, column 3 (numa0_vcpus): '70000' is too large",
                "a,r,99999999999999999999,1 | line 2, column 3 (numa0_vcpus): '99999999999999999999' is too large",
                "a,r,1,9999999   | line 2, column 4 (numa0_memory_gib): '9999999' is too large",
                "a,r,1,99999999999999.5 | line 2, column 4 (numa0_memory_gib): '99999999999999.5' is too large",
                "a,r,1,-0.5      | line 2, column 4 (numa0_memory_gib): '-0.5' is negative",
                "a,r,1,0.0001    | line 2, column 4 (numa0_memory_gib): '0.0001' GiB is not a whole number of MiB",
                "a,r,1,1e3       | line 2, column 4 (numa0_memory_gib): '1e3' is not a number",
                "a,r,1,NaN       | line 2, column 4 (numa0_memory_gib): 'NaN' is not a number",
                "a,r,1,٣         | line 2, column 4 (numa0_memory_gib): '٣' is not a number",
                "a,r,,1          | line 2, column 3 (numa0_vcpus): the cell is empty",
                "a,r,0,1         | line 2, column 3 (numa0_vcpus): the host has no vCPU",
                "a,r,1,0         | line 2, column 4 (numa0_memory_gib): the host has no memory",
                ",r,1,1          | line 2, column 1 (host): the cell is empty",
                "a,,1,1          | line 2, column 2 (rack): the cell is empty",
                "a, r,1,1        | line 2, column 2 (rack): ' r' is not a name",
                "a,r,1           | line 2, column 3: the row has 3 cells and the header 4: 'a,r,1'",
                "a,r,1,1,1       | line 2, column 5: the row has 5 cells and the header 4",
                "'a,r,\"1\",1'   | line 2, column 3 (numa0_vcpus): quotes are not read",
            },
            quoteCharacter = '`')
    void aBadRowIsRefusedByItsPlace(String row, String expected) {
        String clean = row.startsWith("'") ? row.substring(1, row.length() - 1) : row;
        assertThat(RefusedFiles.hosts((ONE + clean + "\n").getBytes(StandardCharsets.UTF_8)))
                .first()
                .asString()
                .startsWith("hosts.csv: " + expected)
                .contains("; fix: ");
    }

    @Test
    void aHalfGivenNumaNodeIsRefused() {
        assertThat(refused(TWO + "a,r,1,1,1,\n"))
                .singleElement()
                .asString()
                .contains("line 2, column 6 (numa1_memory_gib): the cell is empty");
    }

    @Test
    void aSecondHostOfOneNameIsRefusedWithTheFirstOnesLine() {
        assertThat(refused(ONE + "a,r,1,1\nb,r,1,1\na,r,2,2\n"))
                .containsExactly("hosts.csv: line 4, column 1 (host): 'a' is on line 2 too; fix: rename one");
    }

    @Test
    void wrongHeadersAreRefused() {
        assertThat(refused("host,rack,numa0_vcpu,numa0_memory_gib\n"))
                .singleElement()
                .asString()
                .startsWith("hosts.csv: line 1, column 3: no such column: 'numa0_vcpu'; fix: the header is host,rack")
                .endsWith("did you mean numa0_vcpus?");
        assertThat(refused("host,rack,numa0_vcpus\na,r,1\n"))
                .containsExactly("hosts.csv: line 1 (numa0_memory_gib): the column is missing; fix: the header is"
                        + " host,rack,numa0_vcpus,numa0_memory_gib[,numa1_vcpus,numa1_memory_gib]");
        assertThat(refused("host,rack,host,numa0_vcpus,numa0_memory_gib\n"))
                .containsExactly("hosts.csv: line 1, column 3 (host): the column is there already, as column 1; fix:"
                        + " remove one of them");
        assertThat(refused("host,rack,numa0_vcpus,numa0_memory_gib,numa1_vcpus\n"))
                .containsExactly("hosts.csv: line 1 (numa1_memory_gib): the column is missing; fix: give all of"
                        + " numa1_vcpus,numa1_memory_gib, or none of them");
        assertThat(refused("\"host\",rack,numa0_vcpus,numa0_memory_gib\n"))
                .singleElement()
                .asString()
                .contains("column 1: quotes are not read");
        assertThat(refused("a,r,1,1\n")).hasSize(4).first().asString().contains("no such column: 'a'");
    }

    @Test
    void filesWithoutRowsAreRefused() {
        assertThat(refused(""))
                .containsExactly("hosts.csv: line 1: the file is empty; fix: begin it with the header"
                        + " host,rack,numa0_vcpus,numa0_memory_gib[,numa1_vcpus,numa1_memory_gib]");
        assertThat(refused(ONE)).singleElement().asString().contains("a header and no rows");
        assertThat(refused("\n")).singleElement().asString().contains("column 1: the column has no name");
    }

    @Test
    void textThatNobodySeesIsRefused() {
        assertThat(refused(ONE + "a,r\0,1,1\n"))
                .singleElement()
                .asString()
                .contains("line 2, column 2 (rack): there is a NUL; fix: remove it");
        assertThat(refused(ONE + "a,r\t,1,1\n")).singleElement().asString().contains("the control character U+0009");
        assertThat(refused(ONE + "a,r\u202e,1,1\n"))
                .singleElement()
                .asString()
                .contains("the control character U+202E");
        assertThat(refused(ONE + "a,r\r,1,1\n")).singleElement().asString().contains("the control character U+000D");
        assertThat(refused("\ufeff" + ONE + "a,r,1,1\n"))
                .singleElement()
                .asString()
                .contains("line 1, column 1: the file begins with a byte order mark");
        assertThat(RefusedFiles.hosts((ONE + "a,\u00e9,1,1\n").getBytes(StandardCharsets.ISO_8859_1)))
                .singleElement()
                .asString()
                .contains("line 2: the line is not UTF-8");
        assertThat(refused(ONE + "a,r,1,1\n\nb,r,1,1\n"))
                .containsExactly("hosts.csv: line 3: the line is empty; fix: remove it");
    }

    @Test
    void aHugeLineIsRefusedWithoutBeingHeld() {
        assertThat(refused(ONE + "a".repeat(10_000_000)))
                .singleElement()
                .asString()
                .contains("line 2: the line is longer than 4096 bytes");
    }

    @Test
    void theFirstTwentyFaultsAreToldAndAllOfThemHaveTheirLine() {
        String rows = IntStream.range(0, 50).mapToObj(i -> "h" + i + ",r,x,1\n").collect(Collectors.joining());

        assertThat(refused(ONE + rows)).hasSize(20).last().asString().startsWith("hosts.csv: line 21, column 3");
    }

    @Test
    void severalFaultsOfOneRowAreAllTold() {
        assertThat(refused(ONE + "a,,x,-1\n")).hasSize(3);
    }

    private static ReplayPool read(String content) throws IOException, BadInputException {
        return HostFile.read("hosts.csv", new ByteArrayInputStream(content.getBytes(StandardCharsets.UTF_8)));
    }

    private static List<String> refused(String content) {
        return RefusedFiles.hosts(content.getBytes(StandardCharsets.UTF_8));
    }
}
