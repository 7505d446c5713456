package io.kelpie.common.lease;

import java.time.Duration;

/**
 * The lengths of time that leases are made of. The same for every controller of a cluster: a leader counts by them how
 * long a grant of an earlier leader can last. Immutable.
 *
 * @param heartbeat {@code B}, interval of a host's questions
 * @param lease {@code L}, how long a host may go on after the question that was granted
 * @param killMargin {@code K}, from a lease's end to the death of the last leased QEMU
 * @param proofInterval {@code W}, interval of the leader's proofs that it leads
 * @param driftPercent {@code ρ}, how much faster or slower than the true time any clock may run, in percent
 * @param storeOutage {@code Z}, longest absence of a leader after a crash of the leader and of the ZooKeeper leader
 * @param reconnectJitter {@code J}, longest wait of a host before it dials the next leader
 */
public record LeaseTimes(
        Duration heartbeat,
        Duration lease,
        Duration killMargin,
        Duration proofInterval,
        int driftPercent,
        Duration storeOutage,
        Duration reconnectJitter) {
    /** Left over for what takes longer than it should. Before the constants, which are checked by it. */
    private static final Duration RESERVE = Duration.ofSeconds(1);

    /** What a cluster of up to 2,000 hosts runs with. */
    public static final LeaseTimes DEFAULT = new LeaseTimes(
            Duration.ofSeconds(1),
            Duration.ofSeconds(12),
            Duration.ofSeconds(2),
            Duration.ofMillis(250),
            1,
            Duration.ofSeconds(8),
            Duration.ofSeconds(1));

    /** For more hosts than that: half as many questions, for leases that are longer by two seconds. */
    public static final LeaseTimes LARGE = new LeaseTimes(
            Duration.ofSeconds(2),
            Duration.ofSeconds(14),
            Duration.ofSeconds(2),
            Duration.ofMillis(250),
            1,
            Duration.ofSeconds(8),
            Duration.ofSeconds(1));

    public LeaseTimes {
        Duration needed = heartbeat
                .plus(proofInterval)
                .plus(storeOutage)
                .plus(reconnectJitter)
                .plus(RESERVE);
        if (needed.compareTo(lease) > 0) {
            throw new IllegalArgumentException("a lease of " + lease
                    + " would lapse when a leader crashes: it takes up to " + needed + " until the next one grants");
        }
        if (lease.compareTo(killMargin) <= 0) {
            throw new IllegalArgumentException(
                    "a lease of " + lease + " is no longer than the kill margin " + killMargin);
        }
    }

    /**
     * How long a leader waits after its last promise to a host, by its own clock, until every leased QEMU of that host is
     * dead: {@code L·(1+ρ)/(1−ρ) + K}. The host's clock may be slow and the leader's fast.
     */
    public Duration fenceWait() {
        long nanos = lease.toNanos() * (100 + driftPercent) / (100 - driftPercent);
        return Duration.ofNanos(nanos).plus(killMargin);
    }
}
