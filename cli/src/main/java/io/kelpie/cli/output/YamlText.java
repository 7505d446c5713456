package io.kelpie.cli.output;

import org.snakeyaml.engine.v2.api.Dump;
import org.snakeyaml.engine.v2.api.DumpSettings;
import org.snakeyaml.engine.v2.common.FlowStyle;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.representer.StandardRepresenter;

/** Writes a tree of maps, lists, strings, numbers and booleans as a YAML document. */
public final class YamlText {
    private YamlText() {}

    /** The document, ended by a line end. Text of several lines is written as a block. */
    public static String of(Object tree) {
        DumpSettings settings = DumpSettings.builder()
                .setDefaultFlowStyle(FlowStyle.BLOCK)
                .setIndicatorIndent(2)
                .setIndentWithIndicator(true)
                .setSplitLines(false)
                .setDereferenceAliases(true)
                .build();
        return new Dump(settings, new Blocks(settings)).dumpToString(tree);
    }

    private static final class Blocks extends StandardRepresenter {
        Blocks(DumpSettings settings) {
            super(settings);
            representers.put(String.class, this::text);
        }

        private Node text(Object value) {
            String text = value.toString();
            boolean block = text.indexOf('\n') >= 0 && text.indexOf('\r') < 0;
            return block ? representScalar(Tag.STR, text, ScalarStyle.LITERAL) : representScalar(Tag.STR, text);
        }
    }
}
