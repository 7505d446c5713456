package io.kelpie.agent.fencing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class LibcBootClockTest {
    @Test
    void itCountsFromTheBootAndNeverGoesBack() throws IOException {
        LibcBootClock clock = new LibcBootClock();
        long first = clock.nanos();
        String uptime = Files.readString(Path.of("/proc/uptime"));
        double seconds = Double.parseDouble(uptime.substring(0, uptime.indexOf(' ')));
        assertThat(Duration.ofNanos(first)).isBetween(nanos(seconds - 1), nanos(seconds + 1));
        long before = first;
        for (int i = 0; i < 1_000; i++) {
            long now = clock.nanos();
            assertThat(now).isGreaterThanOrEqualTo(before);
            before = now;
        }
    }

    private static Duration nanos(double seconds) {
        return Duration.ofNanos((long) (seconds * 1e9));
    }
}
