package io.kelpie.controller.api;

import com.google.protobuf.Message;
import io.kelpie.common.error.KelpieException;
import io.kelpie.common.yaml.QuotedText;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** One page of a sorted listing. The token of the next page is the last key of this one. */
record Page<T>(List<T> items, String nextToken) {
    private static final int MAX_SIZE = 500;

    /** A page ends early above this: what one message may be is 4 MiB, and specs may hold large user data. */
    private static final long MAX_BYTES = 2L * 1024 * 1024;

    /**
     * Reads a page.
     *
     * @param all the listing; may change while it is read
     * @param after continue after this key; null: from the beginning
     * @param show makes of a value what the caller gets
     */
    static <K, V, T extends Message> Page<T> read(
            NavigableMap<K, V> all, @Nullable K after, int pageSize, Predicate<V> filter, Function<V, T> show) {
        if (pageSize < 0 || pageSize > MAX_SIZE) {
            throw KelpieException.invalidField("page_size", pageSize + " is out of range", "give 0 to " + MAX_SIZE);
        }
        int limit = pageSize == 0 ? MAX_SIZE : pageSize;
        List<T> items = new ArrayList<>();
        long bytes = 0;
        String token = "";
        NavigableMap<K, V> rest = after == null ? all : all.tailMap(after, false);
        K last = null;
        for (Map.Entry<K, V> entry : rest.entrySet()) {
            if (!filter.test(entry.getValue())) {
                continue;
            }
            if (items.size() == limit || bytes > MAX_BYTES) {
                token = String.valueOf(last);
                break;
            }
            T item = show.apply(entry.getValue());
            items.add(item);
            bytes += item.getSerializedSize();
            last = entry.getKey();
        }
        return new Page<>(items, token);
    }

    static KelpieException badToken(String token) {
        return KelpieException.invalidField(
                "page_token", QuotedText.of(token) + " is none of ours", "give next_page_token of the last answer");
    }
}
