package io.kelpie.controller.scheduling.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.TestHost;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ImageTableTest {
    /** More than there are bits. */
    private static final int IMAGES = 700;

    private static final int HOSTS = 50;

    @Test
    void tellsWhatEachHostHasHoweverManyImagesThereAre() {
        ImageTable table = new ImageTable();
        List<HostView> hosts = new ArrayList<>();
        for (int host = 0; host < HOSTS; host++) {
            Set<String> images = new HashSet<>();
            for (int image = host; image < IMAGES; image += 7 + host % 5) {
                images.add("image-" + image);
            }
            TestHost with = TestHost.host("h" + host);
            images.forEach(with::image);
            hosts.add(with.view());
            table.put(host, images);
        }

        for (int host = 0; host < HOSTS; host++) {
            for (int image = 0; image <= IMAGES; image++) {
                String digest = "image-" + image;
                boolean has = hosts.get(host).images().contains(digest);
                assertThat(table.has(host, HostTable.UNKNOWN, digest, hosts.get(host)))
                        .as("host %d, image %d, its number not known yet", host, image)
                        .isEqualTo(has);
                assertThat(table.has(host, table.index(digest), digest, hosts.get(host)))
                        .as("host %d, image %d", host, image)
                        .isEqualTo(has);
            }
        }
    }

    @Test
    void whatAHostHasNoMoreIsForgotten() {
        ImageTable table = new ImageTable();
        table.put(0, Set.of("a", "b"));
        table.put(0, Set.of("b"));

        HostView view = TestHost.host("h0").image("b").view();
        assertThat(table.has(0, table.index("a"), "a", view)).isFalse();
        assertThat(table.has(0, table.index("b"), "b", view)).isTrue();
    }
}
