package io.kelpie.common.yaml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class YamlMapTest {
    @Test
    void readsEachKindOfValue() {
        YamlMap map = YamlMap.parse("f.yaml", """
                name: web
                count: 3
                on: true
                list: [a, "2"]
                inner: {x: 1}
                many:
                  - {x: 1}
                  - {x: 2}
                labels: {b: 1, a: "yes"}
                nothing:
                empty: ''
                """);

        assertThat(map.requiredString("name")).isEqualTo("web");
        assertThat(map.integer("count", 0, 1, 5)).isEqualTo(3);
        assertThat(map.bool("on", false)).isTrue();
        assertThat(map.strings("list")).containsExactly("a", "2");
        assertThat(map.requiredMap("inner").integer("x", 0, 0, 9)).isEqualTo(1);
        assertThat(map.maps("many"))
                .extracting(item -> item.integer("x", 0, 0, 9))
                .containsExactly(1L, 2L);
        assertThat(map.stringMap("labels")).containsExactly(Map.entry("b", "1"), Map.entry("a", "yes"));
        assertThat(map.parsed("count", 0, Integer::valueOf)).isEqualTo(3);
        assertThat(map.has("nothing")).isFalse();
        assertThat(map.requiredString("empty")).isEmpty();
        assertThat(map.isMap("inner")).isTrue();
        assertThat(map.isMap("name")).isFalse();
        map.rejectUnknown();
    }

    @Test
    void absentKeysGiveTheFallback() {
        YamlMap map = YamlMap.parse("f.yaml", "x: 1");

        assertThat(map.string("a", "b")).isEqualTo("b");
        assertThat(map.optionalString("a")).isNull();
        assertThat(map.integer("a", 7, 0, 9)).isEqualTo(7);
        assertThat(map.bool("a", true)).isTrue();
        assertThat(map.parsed("a", 5, Integer::valueOf)).isEqualTo(5);
        assertThat(map.optionalMap("a")).isNull();
        assertThat(map.maps("a")).isEmpty();
        assertThat(map.strings("a")).isEmpty();
        assertThat(map.stringMap("a")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a: [1]      | a: is not a single value",
                "a: x        | a: 'x' is not a whole number",
                "a: 10       | a: 10 is out of range",
                "a: 99999999999999999999 | a: '99999999999999999999' is not a whole number",
            })
    void wrongNumbers(String text, String problem) {
        YamlMap map = YamlMap.parse("f.yaml", text);

        assertThatThrownBy(() -> map.integer("a", 1, 0, 9)).hasMessageStartingWith("f.yaml:1:4: " + problem);
    }

    @Test
    void errorsAtItemsAndAtFreeKeysHaveTheirPlace() {
        YamlMap map = YamlMap.parse("f.yaml", "a:\n  list: [x, y]\n  k k: 1\n").requiredMap("a");

        assertThat(map.invalidItem("list", 1, "is wrong", "right it"))
                .hasMessageStartingWith("f.yaml:2:13: a.list[1]: is wrong");
        assertThat(map.invalidKey("k k", "'k k' is wrong", "right it"))
                .hasMessageStartingWith("f.yaml:3:3: a: 'k k' is wrong");
    }

    @Test
    void errorsHavePlacePathProblemAndFix() {
        YamlMap map = YamlMap.parse("f.yaml", "spec:\n  disks:\n    - {name: a}\n    - {size: {}}\n");
        YamlMap second = map.requiredMap("spec").maps("disks").get(1);

        assertThatThrownBy(() -> second.requiredString("name")).isInstanceOfSatisfying(YamlException.class, e -> {
            assertThat(e.problem()).isEqualTo("f.yaml:4:7: spec.disks[1].name: is required");
            assertThat(e.fix()).isEqualTo("add 'name: …'");
            assertThat(e).hasMessage("f.yaml:4:7: spec.disks[1].name: is required. Fix: add 'name: …'");
        });
        assertThatThrownBy(() -> second.requiredString("size"))
                .hasMessage("f.yaml:4:14: spec.disks[1].size: is not a single value. Fix: write 'size: value'");
        assertThatThrownBy(() -> map.requiredString("spec")).hasMessageContaining("f.yaml:2:3: spec: ");
        assertThatThrownBy(() -> map.strings("spec")).hasMessageContaining("spec: is not a list");
        assertThatThrownBy(() -> map.requiredMap("spec").strings("disks"))
                .hasMessageContaining("f.yaml:3:7: spec.disks[0]: is not a single value");
    }

    @Test
    void unknownKeysNameTheNearest() {
        YamlMap map = YamlMap.parse("f.yaml", "replicas: 1\n  \nreplcias: 2\n");
        map.integer("replicas", 1, 1, 9);

        assertThatThrownBy(map::rejectUnknown)
                .hasMessage("f.yaml:3:1: replcias: unknown key. Fix: did you mean 'replicas'?");
    }

    @Test
    void unknownKeysThatResembleNothingListWhatThereIs() {
        YamlMap map = YamlMap.parse("f.yaml", "colour: red");
        map.string("name", "");
        map.string("size", "");

        assertThatThrownBy(map::rejectUnknown)
                .hasMessage("f.yaml:1:1: colour: unknown key. Fix: known keys are name, size");
    }

    @Test
    void aMistypedRequiredKeyIsCalledSo() {
        YamlMap map = YamlMap.parse("f.yaml", "memroy: 1Gi");

        assertThatThrownBy(() -> map.requiredString("memory"))
                .hasMessage("f.yaml:1:1: memroy: unknown key. Fix: did you mean 'memory'?");
    }

    @Test
    void plannedKeysAreNotCalledUnknown() {
        YamlMap map = YamlMap.parse("f.yaml", "priority: 5");

        assertThatThrownBy(() -> map.rejectUnknown(Set.of("priority")))
                .hasMessage("f.yaml:1:1: priority: this version does not support the key yet. Fix: remove it");
    }

    @Test
    void severalDocuments() {
        List<YamlMap> documents = YamlMap.parseAll("f.yaml", "---\na: 1\n---\n---\n# nothing\n---\na: 2\n...\n");

        assertThat(documents).extracting(map -> map.requiredString("a")).containsExactly("1", "2");
        assertThatThrownBy(() -> YamlMap.parse("f.yaml", "a: 1\n---\na: 2\n"))
                .hasMessage("f.yaml:3:1: the document: only one document is expected. Fix: remove the rest");
    }

    @Test
    void lengthIsThatOfTheDocument() {
        assertThat(YamlMap.parseAll("f", "a: 1\n---\nbcd: 22\n").get(1).length())
                .isBetween(7, 8);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "# only a comment",
                "- a list",
                "just text",
                "a: 1\na: 2",
                "a: \"unended",
                "a: [1",
                "\tx: 1",
                "a: \u0001",
                "? [a]\n: 1",
                "a: &x [1]\nb: *x",
                "a: *unknown",
            })
    void whatIsNoMappingIsRefused(String text) {
        assertThatThrownBy(() -> YamlMap.parse("f.yaml", text))
                .isInstanceOf(YamlException.class)
                .hasMessageStartingWith("f.yaml:");
    }

    @Test
    void duplicateKeysNameTheKeyAndItsPlace() {
        assertThatThrownBy(() -> YamlMap.parse("f.yaml", "x:\n  a: 1\n  a: 2\n").requiredMap("x"))
                .hasMessage("f.yaml:3:3: x.a: the key stands twice. Fix: keep one of them");
    }

    @Test
    void deepNestingIsRefusedInsteadOfOverflowingTheStack() {
        ThrowingCallable parse = () -> YamlMap.parse("f.yaml", "a: " + "[".repeat(20_000) + "]".repeat(20_000));

        assertThatThrownBy(parse).isInstanceOf(YamlException.class).hasMessageContaining("levels are nested");
    }

    @Test
    void foreignTextIsShownShortAndHarmless() {
        YamlMap map = YamlMap.parse("f.yaml", "a: \"x\\ny\\e[31m\"\nb: " + "z".repeat(300));

        assertThatThrownBy(() -> map.integer("a", 0, 0, 1)).hasMessageContaining("'x\\ny\\u001b[31m' is not");
        assertThatThrownBy(() -> map.integer("b", 0, 0, 1)).hasMessageContaining("z…' (300 characters) is not");
    }
}
