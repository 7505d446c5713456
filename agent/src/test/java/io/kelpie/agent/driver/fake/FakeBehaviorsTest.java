package io.kelpie.agent.driver.fake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kelpie.agent.driver.DriverException;
import io.kelpie.agent.driver.DriverFingerprint;
import io.kelpie.common.time.TimeSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FakeBehaviorsTest {
    @TempDir
    private Path folder;

    private FakeBehaviors read(String text) throws IOException, DriverException {
        return FakeBehaviors.read(Files.writeString(folder.resolve("fake.yaml"), text));
    }

    @Test
    void withoutAFileAllIsWell() throws Exception {
        FakeBehaviors behaviors = FakeBehaviors.read(folder.resolve("none"));

        assertThat(behaviors.unusable()).isEmpty();
        assertThat(behaviors.of("web-0")).isEqualTo(FakeBehavior.GOOD);
    }

    @Test
    void aVmIsAsTheDefaultInWhatItDoesNotSay() throws Exception {
        FakeBehaviors behaviors = read("""
                default: {startDelay: 250ms, ignoresAcpi: true}
                vms:
                  web-0: {crashAfter: 10s}
                  web-1: {startDelay: 1m, ignoresAcpi: false, frozen: true}
                """);

        assertThat(behaviors.of("other").startDelay()).isEqualTo(Duration.ofMillis(250));
        assertThat(behaviors.of("web-0").startDelay()).isEqualTo(Duration.ofMillis(250));
        assertThat(behaviors.of("web-0").crashAfter()).contains(Duration.ofSeconds(10));
        assertThat(behaviors.of("web-0").ignoresAcpi()).isTrue();
        assertThat(behaviors.of("web-1").startDelay()).isEqualTo(Duration.ofMinutes(1));
        assertThat(behaviors.of("web-1").ignoresAcpi()).isFalse();
        assertThat(behaviors.of("web-1").frozen()).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "defaults: {}|did you mean 'default'",
                "default: {startDelays: 1s}|did you mean 'startDelay'",
                "vms: {web-0: {crashAfter: 10}}|250ms",
                "vms: {web-0: {frozen: maybe}}|vms.web-0.frozen",
                "vms: [web-0]|vms",
            })
    void aMistakeIsNamed(String text, String named) {
        assertThatThrownBy(() -> read(text)).isInstanceOf(DriverException.class).hasMessageContaining(named);
    }

    @Test
    void anUnusableDriverSaysWhy() throws Exception {
        Path file = Files.writeString(folder.resolve("fake.yaml"), "unusable: the moon is full\n");
        try (FakeDriver driver = new FakeDriver(file, folder, TimeSource.system())) {
            DriverFingerprint fingerprint = driver.fingerprint();

            assertThat(fingerprint.usable()).isFalse();
            assertThat(fingerprint.reason()).isEqualTo("the moon is full");
        }
    }
}
