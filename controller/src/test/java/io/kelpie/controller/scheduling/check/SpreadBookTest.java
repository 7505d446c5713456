package io.kelpie.controller.scheduling.check;

import static io.kelpie.controller.scheduling.TestHost.host;
import static io.kelpie.controller.scheduling.TestVm.job;
import static io.kelpie.controller.scheduling.TestVm.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.TestHost;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What it costs to check spread; what it finds is told by the test of the plan checker. */
class SpreadBookTest {
    private static final int HOSTS = 1_000;

    private final List<HostView> hosts = new ArrayList<>();
    private int looks;

    private SpreadBook book(Neighbours neighbours, int hostsWithRoom) {
        for (int i = 0; i < HOSTS; i++) {
            TestHost each = host("h" + i).rack("r" + i / 20);
            hosts.add(each.view());
        }
        return new SpreadBook(hosts, neighbours, (request, each) -> {
            looks++;
            return Integer.parseInt(each.name().substring(1)) < hostsWithRoom;
        });
    }

    private int looksOf(int decisions, int hostsWithRoom, String by) {
        List<PlacementRequest> requests = new ArrayList<>();
        for (int i = 0; i < decisions; i++) {
            requests.add(vm(i).of("web").spread(by, 1).request());
        }
        Neighbours neighbours = new Neighbours(requests);
        SpreadBook book = book(neighbours, hostsWithRoom);
        for (int i = 0; i < decisions; i++) {
            HostView chosen = by.equals("host") || hostsWithRoom < HOSTS
                    ? hosts.get(i % hostsWithRoom)
                    : hosts.get(i * 20 % HOSTS);
            assertThat(book.faults(requests.get(i), chosen)).isEmpty();
            neighbours.add(job("web"), i, requests.get(i).rules(), chosen);
        }
        return looks;
    }

    @Test
    void whereDomainsFillEvenlyNoHostIsLookedAt() {
        assertThat(looksOf(500, HOSTS, "rack")).isZero();
    }

    @Test
    void aHostWithoutRoomIsLookedAtOnce() {
        assertThat(looksOf(500, 10, "host")).isLessThanOrEqualTo(HOSTS);
    }

    @Test
    void aRackWithoutRoomIsLookedIntoOnce() {
        assertThat(looksOf(500, 20, "rack")).isLessThanOrEqualTo(HOSTS);
    }
}
