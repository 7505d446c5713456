package io.kelpie.it.simulation;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/** The way between one host and one controller; each direction can be cut alone. */
final class Link {
    private static final long KEEPALIVE_NANOS = 15 * World.SECOND;

    /** One direction. */
    final class Direction {
        boolean cut;
        private long slowNanos;

        long delay() {
            long usual = 100 * World.MICRO + random.nextLong(2 * World.MILLI);
            if (slowNanos > 0 && random.nextInt(4) == 0) {
                world.count(Fault.MESSAGE_DELAY);
                return usual + random.nextLong(slowNanos);
            }
            return usual;
        }
    }

    /** One connection's messages in one direction: in order, held back while the direction is cut. */
    final class Pipe {
        private final Direction direction;
        private final List<Runnable> held = new ArrayList<>();
        private long lastNanos;

        Pipe(Direction direction) {
            this.direction = direction;
        }

        void send(Runnable delivery) {
            if (direction.cut) {
                held.add(delivery);
                return;
            }
            lastNanos = Math.max(lastNanos + 1, world.now() + direction.delay());
            world.at(lastNanos, delivery);
        }

        private void healed() {
            List<Runnable> all = List.copyOf(held);
            held.clear();
            all.forEach(this::send);
        }
    }

    final Direction up = new Direction();
    final Direction down = new Direction();
    final String name;
    private final World world;
    private final SplittableRandom random;
    private final Set<SimConnection> open = new LinkedHashSet<>();
    private long cuts;

    Link(World world, String name) {
        this.world = world;
        this.name = name;
        this.random = world.random("link " + name);
    }

    Pipe upward() {
        return new Pipe(up);
    }

    Pipe downward() {
        return new Pipe(down);
    }

    boolean cut() {
        return up.cut || down.cut;
    }

    void opened(SimConnection connection) {
        open.add(connection);
    }

    void closed(SimConnection connection) {
        open.remove(connection);
    }

    /** Messages take up to so much longer from now on. */
    void slow(long nanos) {
        up.slowNanos = nanos;
        down.slowNanos = nanos;
    }

    /** Either keepalive notices after a while that the other side is silent. */
    void cut(boolean upward, boolean downward) {
        up.cut |= upward;
        down.cut |= downward;
        long mine = ++cuts;
        List<SimConnection> affected = List.copyOf(open);
        world.after(KEEPALIVE_NANOS + random.nextLong(2 * World.SECOND), () -> {
            if (cut() && cuts == mine) {
                affected.forEach(SimConnection::timedOut);
            }
        });
    }

    /** What was held back arrives, or the connections turn out to be dead. */
    void heal() {
        boolean was = cut();
        up.cut = false;
        down.cut = false;
        if (!was) {
            return;
        }
        for (SimConnection connection : List.copyOf(open)) {
            if (random.nextBoolean()) {
                connection.reset();
            } else {
                connection.healed(Pipe::healed);
            }
        }
    }

    /** Connections break; both sides learn of it. */
    void breakStreams() {
        List.copyOf(open).forEach(SimConnection::reset);
    }

    /** One side's process has ended, and its kernel says so to the other. */
    void died(SimProcess process) {
        List.copyOf(open).stream().filter(each -> each.belongsTo(process)).forEach(each -> each.peerDied(process));
    }

    long chance(long bound) {
        return random.nextLong(bound);
    }
}
