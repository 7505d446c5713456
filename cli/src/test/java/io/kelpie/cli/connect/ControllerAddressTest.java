package io.kelpie.cli.connect;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ControllerAddressTest {
    @Test
    void readsNamesAndAddresses() {
        assertThat(ControllerAddress.parse("h1.example:7400")).contains(new ControllerAddress("h1.example", 7400));
        assertThat(ControllerAddress.parse(" 127.0.0.1:1 ")).contains(new ControllerAddress("127.0.0.1", 1));
        assertThat(ControllerAddress.parse("[::1]:65535")).contains(new ControllerAddress("::1", 65535));
        assertThat(new ControllerAddress("::1", 7).toString()).isEqualTo("[::1]:7");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "h1", "h1:", ":7400", "h1:0", "h1:65536", "h1:x", "::1:7400", "h 1:7400", "http://h1:7400"})
    void refusesWhatIsNoAddress(String text) {
        assertThat(ControllerAddress.parse(text)).isEmpty();
    }
}
