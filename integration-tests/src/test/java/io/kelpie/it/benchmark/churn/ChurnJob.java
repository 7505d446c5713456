package io.kelpie.it.benchmark.churn;

import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.scheduling.PlacementRequest;
import java.util.Arrays;
import java.util.List;

/** A job of the workload, and where its VMs are in one engine. Used by one engine. */
public final class ChurnJob {
    /** A VM without a place. */
    public static final int NOWHERE = -1;

    private final long number;
    private final Kind kind;
    private List<PlacementRequest> requests;
    private final Reservation reservation;
    private final int[] seats;
    private int placed;

    ChurnJob(long number, Kind kind, List<PlacementRequest> requests) {
        this.number = number;
        this.kind = kind;
        this.requests = List.copyOf(requests);
        reservation = Reservation.of(requests.get(0).shape());
        seats = new int[requests.size()];
        Arrays.fill(seats, NOWHERE);
    }

    public long number() {
        return number;
    }

    public Kind kind() {
        return kind;
    }

    /** The VMs' requests by ordinal; they differ in nothing else. */
    public PlacementRequest request(int vm) {
        return requests.get(vm);
    }

    public int vms() {
        return seats.length;
    }

    /** Lets its requests go: none of its VMs is to be placed any more. */
    void settled() {
        requests = List.of();
    }

    /** What each VM holds. */
    public Reservation reservation() {
        return reservation;
    }

    /** The engine's own number for the place of a VM, or {@link #NOWHERE}. */
    public int seat(int vm) {
        return seats[vm];
    }

    /** Notes where the engine has put a VM. */
    public void seat(int vm, int seat) {
        placed += (seat == NOWHERE ? 0 : 1) - (seats[vm] == NOWHERE ? 0 : 1);
        seats[vm] = seat;
    }

    /** How many of its VMs have a place. */
    public int placed() {
        return placed;
    }

    /** Ordinary memory that its placed VMs hold, in MiB. */
    public long memoryMib() {
        return placed * reservation.memoryMib();
    }

    /** The same if all VMs had a place. */
    public long wantedMemoryMib() {
        return vms() * reservation.memoryMib();
    }
}
