package io.kelpie.cli.view;

import io.kelpie.cli.output.Column;
import java.util.List;
import java.util.Map;

/** How one kind of object is listed. */
public interface Resource<R> {
    /** All columns, in their order. */
    List<Column<R>> columns();

    /** What {@code -o name} shows, e.g. {@code vm/web-0}. */
    String name(R object);

    /** Names the object among all of its kind. */
    String key(R object);

    /** The object for {@code -o json} and {@code -o yaml}. */
    Map<String, Object> tree(R object);

    /** Two objects whose states are equal need no new line in a watch. */
    default Object state(R object) {
        return object;
    }
}
