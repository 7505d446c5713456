package io.kelpie.controller.scheduling.whatif;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FlavorTest {
    @Test
    void aFlavorIsReadAndWritten() {
        assertThat(Flavor.parse("4x8Gi")).contains(new Flavor(4, 8_192));
        assertThat(Flavor.parse("1x1536Mi")).contains(new Flavor(1, 1_536));
        assertThat(new Flavor(4, 8_192)).hasToString("4x8Gi");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "4", "4x", "x8Gi", "0x8Gi", "4x8", "4x0Gi", "4x8GB", "4X8Gi", " 4x8Gi", "-1x8Gi", "4x8Gi "})
    void whatIsNoFlavor(String text) {
        assertThat(Flavor.parse(text)).isEmpty();
    }

    @Test
    void itAsksForItsSizeAlone() {
        assertThat(new Flavor(4, 8_192).request().shape().vcpus()).isEqualTo(4);
        assertThat(new Flavor(4, 8_192).request().shape().guestMemoryMib()).isEqualTo(8_192);
        assertThat(new Flavor(4, 8_192).request().shape().poolMib()).isEmpty();
    }
}
