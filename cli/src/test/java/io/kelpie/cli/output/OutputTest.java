package io.kelpie.cli.output;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.kelpie.proto.v1.ProbeResult;
import io.kelpie.proto.v1.ReadVmLogResponse;
import io.kelpie.proto.v1.RequestRecord;
import io.kelpie.proto.v1.Reservation;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OutputTest {
    @ParameterizedTest
    @CsvSource({
        "0,0s",
        "119,119s",
        "120,2m0s",
        "599,9m59s",
        "600,10m",
        "10799,179m",
        "10800,3h0m",
        "28799,7h59m",
        "28800,8h",
        "172799,47h",
        "172800,2d",
        "-5,0s",
    })
    void agesAreAsExactAsTheyAreYoung(long seconds, String text) {
        assertThat(Ages.between(1_000_000_000, 1_000_000_000 + seconds * 1000)).isEqualTo(text);
    }

    @Test
    void anUnknownTimeIsADash() {
        assertThat(Ages.between(0, 5)).isEqualTo("-");
        assertThat(Ages.timestamp(0)).isEqualTo("-");
    }

    @Test
    void foreignTextCannotSteerATerminal() {
        assertThat(CleanText.line("a\u001b[2Jb\nc\td\u0007\u009b\u202e")).isEqualTo("a?[2Jb c d???");
        assertThat(CleanText.lines("a\r\nb\u0000\n")).isEqualTo("a\nb?\n");
        assertThat(CleanText.line("ä\uD83D\uDC34")).isEqualTo("ä\uD83D\uDC34");
    }

    @Test
    void aTableKeepsItsWidthsFromPartToPart() {
        Table<String> table = new Table<>(
                List.of(
                        Column.of("WORD", word -> word),
                        Column.<String>number("LENGTH", word -> (long) word.length()),
                        Column.of("LAST", word -> "")),
                false,
                true,
                false);

        assertThat(table.lines(List.of("a-longer-word")))
                .containsExactly("WORD            LENGTH   LAST", "a-longer-word   13");
        assertThat(table.lines(List.of("b"))).containsExactly("b               1");
    }

    @Test
    void coloursDoNotCountAsWidth() {
        Table<String> table = new Table<>(
                List.of(Column.<String>of("A", word -> word).toned(word -> Tone.BAD), Column.of("B", word -> "x")),
                false,
                false,
                true);

        assertThat(table.lines(List.of("no", "yes")))
                .containsExactly("\u001b[31mno\u001b[0m    x", "\u001b[31myes\u001b[0m   x");
    }

    @Test
    void json() {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("text", "a\"\\\n\t\u0001\u2028ä");
        tree.put("list", Arrays.asList(1, true, null));
        tree.put("none", List.of());
        tree.put("empty", Map.of());

        assertThat(JsonText.compact(tree))
                .isEqualTo(
                        "{\"text\":\"a\\\"\\\\\\n\\t\\u0001\\u2028ä\",\"list\":[1,true,null],\"none\":[],\"empty\":{}}");
        assertThat(JsonText.pretty(Map.of("a", List.of(1)))).isEqualTo("{\n  \"a\": [\n    1\n  ]\n}");
    }

    @Test
    void messagesAsTrees() {
        assertThat(ProtoTree.of(ProbeResult.newBuilder()
                        .setOutcome(ProbeResult.Outcome.OUTCOME_FIRMWARE_ONLY)
                        .setMillis(-1)
                        .build()))
                .isEqualTo(Map.of("outcome", "FIRMWARE_ONLY", "millis", 4_294_967_295L, "detail", ""));
        assertThat(ProtoTree.of(ReadVmLogResponse.newBuilder()
                        .setData(ByteString.copyFromUtf8("hi"))
                        .build()))
                .isEqualTo(Map.of("data", "aGk="));
        assertThat(ProtoTree.of(Reservation.newBuilder().setMemoryMib(5).build())
                        .keySet())
                .containsExactly("vcpus", "memoryMib", "pools", "hugepages", "hugepagesMib", "devices", "numaNodes");
        assertThat(ProtoTree.of(RequestRecord.getDefaultInstance())).containsEntry("atMillis", 0L);
    }
}
