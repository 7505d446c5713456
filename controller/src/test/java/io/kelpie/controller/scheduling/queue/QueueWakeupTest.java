package io.kelpie.controller.scheduling.queue;

import static io.kelpie.controller.scheduling.queue.QueueCluster.host;
import static io.kelpie.controller.scheduling.queue.QueueCluster.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.scheduling.TestVm;
import org.junit.jupiter.api.Test;

/** What sets a blocked class free, and what does not. */
class QueueWakeupTest {
    private QueueCluster cluster = new QueueCluster();

    @Test
    void roomThatIsEnoughAndNoOther() {
        cluster.put(host("h1", 10));
        cluster.submit(10, "a/x");
        cluster.tick();
        cluster.submit(vm("a/pair", 0).memoryMib(2));
        cluster.tick();
        cluster.end("a/x", 0);
        assertThat(cluster.tick()).isZero();
        cluster.end("a/x", 1);
        assertThat(cluster.tick()).isEqualTo(1);
        assertThat(cluster.isPlaced("a/pair", 0)).isTrue();
    }

    @Test
    void tooFewVcpusHelpNobodyAndAreNotEvenChecked() {
        cluster.put(host("h1", 100).cpus(1));
        cluster.submit(vm("a/x", 0).vcpus(2));
        cluster.tick();
        cluster.put(host("h2", 100).cpus(1));
        assertThat(cluster.tick()).isZero();
        assertThat(cluster.queue.counts().checks()).isZero();
        cluster.put(host("h3", 100).cpus(2));
        assertThat(cluster.tick()).isEqualTo(1);
    }

    @Test
    void ofTwoClassesThatOneHostCouldHelpTheSecondIsNotTriedInVain() {
        cluster.put(host("h1", 1));
        cluster.submit(vm("a/x", 0).memoryMib(10));
        cluster.submit(vm("b/y", 0).memoryMib(9));
        cluster.tick();
        cluster.put(host("h2", 10));
        assertThat(cluster.tick()).isEqualTo(1);
        assertThat(cluster.placed).containsExactly("a/x-0");
    }

    @Test
    void onlyAsManyAreTriedAsFindAPlace() {
        cluster.put(host("h1", 10));
        cluster.submit(110, "a/x");
        cluster.tick();
        assertThat(cluster.placed).hasSize(10);
        for (int i = 0; i < 3; i++) {
            cluster.end("a/x", i);
        }
        assertThat(cluster.tick()).isEqualTo(3);
        assertThat(cluster.queue.counts().blocked()).isEqualTo(97);
    }

    @Test
    void aHostThatIsUncordonedOrLosesItsTaint() {
        cluster.put(host("h1", 10).cordoned());
        cluster.submit(vm("a/x", 0));
        cluster.tick();
        cluster.put(host("h1", 20).cordoned());
        assertThat(cluster.tick()).isZero();
        cluster.put(host("h1", 20).taint("gpu", "yes"));
        assertThat(cluster.tick()).isZero();
        cluster.put(host("h1", 20));
        assertThat(cluster.tick()).isEqualTo(1);
    }

    @Test
    void aNewHostWithTheLabelThatIsAskedFor() {
        cluster.put(host("h1", 10));
        cluster.submit(vm("a/x", 0).require("disk", "ssd"));
        cluster.submit(vm("a/y", 0).spread("rack", 1));
        cluster.tick();
        cluster.put(host("h2", 10).label("disk", "hdd"));
        assertThat(cluster.tick()).isZero();
        cluster.put(host("h3", 10).label("disk", "ssd"));
        cluster.tick();
        cluster.put(host("h4", 10).label("rack", "r1"));
        cluster.tick();
        assertThat(cluster.placed).containsExactly("a/x-0", "a/y-0");
        assertThat(cluster.decided).hasSize(4);
    }

    @Test
    void aKindOfDevicesThatNoHostHadBefore() {
        cluster.put(host("h1", 10));
        cluster.submit(vm("a/x", 0).devices("gpu", 1));
        cluster.tick();
        cluster.put(host("h2", 10).devices("nic", 1));
        assertThat(cluster.tick()).isZero();
        cluster.put(host("h3", 10).devices("gpu", 1));
        assertThat(cluster.tick()).isEqualTo(1);
        assertThat(cluster.isPlaced("a/x", 0)).isTrue();
    }

    @Test
    void theHostThatAVmIsBoundToAndNoOther() {
        cluster.put(host("h1", 10));
        cluster.put(host("h2", 10));
        cluster.submit(vm("a/x", 0).boundToHost("h2", "root"));
        cluster.remove("h2");
        cluster.tick();
        cluster.put(host("h3", 10)); // gets the index that h2 had
        assertThat(cluster.tick()).isZero();
        cluster.put(host("h2", 10));
        assertThat(cluster.tick()).isEqualTo(1);
        assertThat(cluster.running(TestVm.id("a/x", 0)).hostId()).isEqualTo("h2");
    }

    @Test
    void aStartThatIsOver() {
        cluster = new QueueCluster(1, QueueSettings.DEFAULT);
        cluster.put(host("h1", 10));
        cluster.submit(2, "a/x");
        cluster.tick();
        assertThat(cluster.placed).containsExactly("a/x-0");
        cluster.started(TestVm.id("a/x", 0));
        cluster.tick();
        assertThat(cluster.placed).containsExactly("a/x-0", "a/x-1");
    }

    @Test
    void aVmOfAJobToBeNearTo() {
        for (String by : new String[] {"host", "rack"}) {
            cluster = new QueueCluster();
            cluster.put(host("h1", 10).label("rack", "r1"));
            cluster.submit(vm("a/x", 0).near("a/cache", by));
            cluster.submit(vm("a/y", 0).near("a/none", by));
            assertThat(cluster.tick()).isEqualTo(2);
            cluster.submit(vm("b/z", 0));
            assertThat(cluster.tick()).as("another job's VM").isEqualTo(1);
            cluster.submit(vm("a/cache", 0));
            assertThat(cluster.tick()).isEqualTo(2);
            assertThat(cluster.placed).containsExactly("b/z-0", "a/cache-0", "a/x-0");
        }
    }

    @Test
    void aHostWithAVmToBeNearToThatGetsTheRightLabel() {
        cluster.put(host("h1", 10).cordoned());
        cluster.put(host("h2", 10).label("pool", "old"));
        cluster.submit(vm("a/cache", 0).require("pool", "old"));
        cluster.submit(vm("a/x", 0).near("a/cache", "host").require("pool", "new"));
        cluster.tick();
        cluster.relabel(host("h2", 10).label("pool", "new"));
        cluster.tick();
        assertThat(cluster.placed).containsExactly("a/cache-0", "a/x-0");
    }

    @Test
    void aVmOnTheHostToKeepAwayFromThatIsGone() {
        cluster.put(host("h1", 10));
        cluster.submit(vm("a/noisy", 0));
        cluster.tick();
        cluster.submit(vm("a/x", 0).awayFrom("a/noisy", "host"));
        cluster.submit(vm("a/y", 0).awayFrom("a/noisy", "host").require("no", "host"));
        assertThat(cluster.tick()).isEqualTo(2);
        cluster.end("a/noisy", 0);
        assertThat(cluster.tick()).as("the host does not help the other").isEqualTo(1);
        assertThat(cluster.isPlaced("a/x", 0)).isTrue();
    }

    /** The room is on another host than the one that it leaves. */
    @Test
    void aVmInTheRackToKeepAwayFromThatIsGone() {
        roomInTheRackOf("a/noisy");
        cluster.submit(vm("a/x", 0).awayFrom("a/noisy", "rack"));
        assertThat(cluster.tick()).isEqualTo(1);
        cluster.end("a/noisy", 0);
        cluster.tick();
        assertThat(cluster.isPlaced("a/x", 0)).isTrue();
    }

    @Test
    void aVmInTheRackThatKeptAwayItselfIsGone() {
        cluster.submit(vm("a/shy", 0).awayFrom("a/x", "rack"));
        roomInTheRackOf("a/shy");
        cluster.submit(vm("a/x", 0));
        assertThat(cluster.tick()).isEqualTo(1);
        cluster.end("a/shy", 0);
        cluster.tick();
        assertThat(cluster.isPlaced("a/x", 0)).isTrue();
    }

    @Test
    void theLastVmOfAPartition() {
        cluster.submit(vm("a/x", 0).partitions(2, "rack"));
        roomInTheRackOf("a/x");
        cluster.submit(vm("a/x", 1).partitions(2, "rack"));
        assertThat(cluster.tick()).isEqualTo(1);
        cluster.end("a/x", 0);
        cluster.tick();
        assertThat(cluster.isPlaced("a/x", 1)).isTrue();
    }

    /** VM 0 of the job is on a cordoned host of a rack whose other host has room. */
    private void roomInTheRackOf(String job) {
        cluster.put(host("h1", 10).label("rack", "r1"));
        if (cluster.waiting.isEmpty()) {
            cluster.submit(vm(job, 0));
        }
        cluster.tick();
        assertThat(cluster.isPlaced(job, 0)).isTrue();
        cluster.put(host("h1", 10).label("rack", "r1").cordoned());
        cluster.put(host("h2", 10).label("rack", "r1"));
    }

    @Test
    void aGroupThatHadToStayTogetherAndIsGone() {
        cluster.put(host("h1", 1));
        cluster.put(host("h2", 10).cordoned());
        cluster.submit(vm("a/x", 0).near("a/x", "host"));
        cluster.submit(vm("a/x", 1).near("a/x", "host"));
        cluster.tick();
        cluster.put(host("h2", 10));
        assertThat(cluster.tick()).as("the first is on h1").isZero();
        cluster.put(host("h1", 1).cordoned());
        cluster.end("a/x", 0);
        cluster.tick();
        assertThat(cluster.running(TestVm.id("a/x", 1)).hostId()).isEqualTo("h2");
    }

    @Test
    void theEndOfAWait() {
        cluster.put(host("h1", 10));
        cluster.submit(vm("a/x", 0).notBefore(100));
        assertThat(cluster.tick()).isZero();
        cluster.now = 99;
        assertThat(cluster.tick()).isZero();
        cluster.now = 100;
        assertThat(cluster.tick()).isEqualTo(1);
    }

    @Test
    void theEndOfAHostBeingAvoided() {
        cluster.put(host("h1", 10));
        cluster.put(host("h2", 10));
        cluster.submit(vm("a/x", 0).avoidsHost("h1", 100).avoidsHost("h2", 200));
        cluster.tick();
        cluster.now = 99;
        assertThat(cluster.tick()).isZero();
        cluster.now = 100;
        assertThat(cluster.tick()).isEqualTo(1);
        assertThat(cluster.running(TestVm.id("a/x", 0)).hostId()).isEqualTo("h1");
    }

    @Test
    void aChangeThatNobodyToldIsFoundAfterAWhile() {
        cluster.put(host("h1", 10));
        cluster.submit(vm("a/x", 0).memoryMib(11));
        cluster.tick();
        cluster.putUntold(host("h1", 11));
        cluster.now += 59_999;
        assertThat(cluster.tick()).isZero();
        cluster.now += 1;
        assertThat(cluster.tick()).isEqualTo(1);
        assertThat(cluster.isPlaced("a/x", 0)).isTrue();
    }

    @Test
    void aClockThatGoesBackDelaysTheSecondLookByNoMoreThanItsPeriod() {
        cluster.now = 1_000_000;
        cluster.put(host("h1", 10));
        cluster.submit(vm("a/x", 0).memoryMib(11));
        cluster.tick();
        cluster.now = 1;
        cluster.tick();
        cluster.now += 60_000;
        assertThat(cluster.tick()).isEqualTo(1);
    }

    @Test
    void secondLooksAreFewAtATimeAndTheLongestUntriedFirst() {
        cluster = new QueueCluster(0, new QueueSettings(1_000, 2, 100));
        cluster.put(host("h1", 10));
        for (int i = 0; i < 5; i++) {
            cluster.submit(vm("a/x", i).memoryMib(11 + i));
        }
        cluster.tick();
        cluster.now += 1_000;
        cluster.decided.clear();
        for (int looks : new int[] {2, 2, 1, 0}) {
            assertThat(cluster.tick()).isEqualTo(looks);
        }
        assertThat(cluster.decided).containsExactly("a/x-0", "a/x-1", "a/x-2", "a/x-3", "a/x-4");
    }

    @Test
    void moreChangedHostsThanAreCheckedAtOnceWaitForTheNextTime() {
        cluster = new QueueCluster(0, new QueueSettings(1_000_000, 1, 3));
        cluster.put(host("h0", 10));
        for (int i = 0; i < 3; i++) {
            cluster.submit(vm("a/x", i).memoryMib(10 - i).require("none", "such" + i));
        }
        cluster.submit(vm("a/y", 0).require("disk", "ssd"));
        cluster.tick();
        for (int i = 1; i <= 4; i++) {
            cluster.put(host("h" + i, 10));
        }
        cluster.put(host("h5", 10).label("disk", "ssd"));
        int ticks = 0;
        while (!cluster.isPlaced("a/y", 0)) {
            cluster.tick();
            ticks++;
            assertThat(ticks).isLessThanOrEqualTo(5);
        }
        assertThat(ticks).as("a host has four checks, the last of five helps").isEqualTo(5);
    }
}
