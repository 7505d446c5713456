package io.kelpie.controller.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.model.InstancePhase;
import io.kelpie.controller.model.ObservedInstance;
import io.kelpie.controller.model.Vm;
import io.kelpie.controller.model.VmState;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class RecoveryTest {
    private static final UUID VM = new UUID(1, 1);
    private static final UUID JOB = new UUID(2, 2);

    /** Records and hosts, to which the corrections of hosts are applied one by one. */
    private static final class World {
        final Map<UUID, Vm> records = new HashMap<>();
        final Map<String, List<ObservedInstance>> hosts = new HashMap<>();
        final Set<String> heard = new HashSet<>();
        final Set<String> spared = new HashSet<>();

        World record(Vm vm) {
            records.put(vm.vmId(), vm);
            return this;
        }

        World host(String id, ObservedInstance... instances) {
            hosts.put(id, List.of(instances));
            return this;
        }

        List<ObservedInstance> instancesOf(String host) {
            return hosts.getOrDefault(host, List.of());
        }

        List<HostCorrection> corrections(String host) {
            List<Vm> ofHost = records.values().stream()
                    .filter(vm -> vm.hostId().equals(Optional.of(host))
                            || vm.storageHostId().equals(Optional.of(host)))
                    .toList();
            return Recovery.temper(
                    Reconciler.host(host, instancesOf(host), id -> Optional.ofNullable(records.get(id)), ofHost),
                    id -> Optional.ofNullable(records.get(id)));
        }

        void hear(String host) {
            heard.add(host);
            for (HostCorrection correction : corrections(host)) {
                if (correction instanceof HostCorrection.Adopt adopt) {
                    adopt(host, adopt.instance());
                } else if (correction instanceof HostCorrection.Spare spare) {
                    spared.add(host + "/" + spare.vmId() + "/" + spare.incarnation());
                } else {
                    assertThat(correction)
                            .as("nothing else may be done")
                            .isInstanceOfAny(HostCorrection.Report.class, HostCorrection.KeepOrphan.class);
                }
            }
        }

        private void adopt(String host, ObservedInstance instance) {
            Vm former = Objects.requireNonNull(records.get(instance.vmId()));
            assertThat(instance.incarnation())
                    .as("incarnations never fall")
                    .isGreaterThanOrEqualTo(former.incarnation());
            spared.remove(host + "/" + instance.vmId() + "/" + instance.incarnation());
            for (String other : heard) {
                for (ObservedInstance beside : instancesOf(other)) {
                    boolean same = other.equals(host) && beside.equals(instance);
                    if (beside.vmId().equals(instance.vmId()) && !beside.phase().hasEnded() && !same) {
                        spared.add(other + "/" + beside.vmId() + "/" + beside.incarnation());
                    }
                }
            }
            records.put(
                    instance.vmId(),
                    TestVm.like(former)
                            .state(VmState.RUNNING)
                            .incarnation(instance.incarnation())
                            .host(host)
                            .storageHost(host)
                            .build());
        }
    }

    private static TestVm vm() {
        return new TestVm(VM, JOB, 0);
    }

    private static ObservedInstance live(long incarnation) {
        return new ObservedInstance(VM, incarnation, InstancePhase.RUNNING);
    }

    private static ObservedInstance ended(long incarnation) {
        return new ObservedInstance(VM, incarnation, InstancePhase.EXITED);
    }

    @Test
    void aLaterInstanceThanTheRecordsIsTheVmsOwn() {
        World world = new World()
                .record(vm().state(VmState.RUNNING).incarnation(3).host("h1").build())
                .host("h2", live(5));
        assertThat(world.corrections("h2")).containsExactly(new HostCorrection.Adopt(live(5)));
    }

    @Test
    void theInstanceThatAVmWithoutAPlaceWouldGetNextIsItsOwnToo() {
        World world = new World().record(vm().incarnation(3).build()).host("h2", live(3));
        assertThat(world.corrections("h2")).containsExactly(new HostCorrection.Adopt(live(3)));
    }

    @Test
    void ofSeveralOnOneHostTheLatestCountsEvenIfItHasEnded() {
        World world = new World()
                .record(vm().state(VmState.RUNNING).incarnation(3).host("h1").build())
                .host("h1", live(3), ended(4), ended(5));
        assertThat(world.corrections("h1"))
                .containsExactly(new HostCorrection.Spare(VM, 3), new HostCorrection.Adopt(ended(5)));
    }

    @Test
    void anOlderLiveInstanceIsSparedNotKilled() {
        World world = new World()
                .record(vm().state(VmState.RUNNING).incarnation(3).host("h1").build())
                .host("h2", live(2))
                .host("h3", live(3));
        assertThat(world.corrections("h2")).containsExactly(new HostCorrection.Spare(VM, 2));
        assertThat(world.corrections("h3"))
                .as("the same incarnation in another place")
                .containsExactly(new HostCorrection.Spare(VM, 3));
    }

    @Test
    void nothingIsLostStartedStoppedOrForgotten() {
        for (VmState state : VmState.values()) {
            World world = new World()
                    .record(vm().state(state)
                            .incarnation(3)
                            .host("h1")
                            .storageHost("h1")
                            .build())
                    .host("h1");
            assertThat(world.corrections("h1")).as(state.name()).isEmpty();
            world.host("h1", ended(1));
            assertThat(world.corrections("h1")).as(state.name()).isEmpty();
        }
    }

    @Test
    void theInstanceOfAnUnknownVmIsAnOrphan() {
        World world = new World().host("h1", live(3));
        assertThat(world.corrections("h1"))
                .containsExactly(new HostCorrection.KeepOrphan(live(3), "no VM has this id"));
    }

    @Test
    void whatWasSparedIsKeptWhenTheRecordsAreLateAgain() {
        List<HostCorrection> corrections = List.of(new HostCorrection.KillStale(VM, 2));
        assertThat(Recovery.keepSpared(corrections, List.of(live(2)), (vm, incarnation) -> incarnation == 2))
                .singleElement()
                .isInstanceOf(HostCorrection.KeepOrphan.class);
        assertThat(Recovery.keepSpared(corrections, List.of(live(2)), (vm, incarnation) -> false))
                .isEqualTo(corrections);
    }

    /** Whatever hosts run, and in whatever order they are heard: the same outcome, and every live instance accounted. */
    @RepeatedTest(300)
    void theOrderInWhichHostsAreHeardDoesNotMatter(RepetitionInfo repetition) {
        Random random = new Random(repetition.getCurrentRepetition());
        World first = world(random);
        World second = copy(first);
        List<String> order = new ArrayList<>(first.hosts.keySet());
        Collections.sort(order);
        Collections.shuffle(order, random);
        order.forEach(first::hear);
        List<String> otherOrder = new ArrayList<>(order);
        Collections.shuffle(otherOrder, random);
        otherOrder.forEach(second::hear);

        assertThat(second.records.keySet()).isEqualTo(first.records.keySet());
        first.records.forEach((id, vm) -> assertThat(
                        Objects.requireNonNull(second.records.get(id)).incarnation())
                .as("VM %s", id)
                .isEqualTo(vm.incarnation()));
        first.hosts.forEach((host, instances) -> instances.stream()
                .filter(instance -> !instance.phase().hasEnded())
                .forEach(instance -> accounted(first, host, instance)));
    }

    private static void accounted(World world, String host, ObservedInstance instance) {
        Vm vm = world.records.get(instance.vmId());
        if (vm == null) {
            return; // an orphan
        }
        boolean present =
                vm.incarnation() == instance.incarnation() && vm.hostId().equals(Optional.of(host));
        boolean spared = world.spared.contains(host + "/" + instance.vmId() + "/" + instance.incarnation());
        assertThat(present || spared)
                .as("%s on %s beside %s", instance, host, vm)
                .isTrue();
        assertThat(vm.incarnation()).isGreaterThanOrEqualTo(instance.incarnation());
    }

    private static World world(Random random) {
        World world = new World();
        int hosts = 2 + random.nextInt(3);
        for (int v = 0; v < 4; v++) {
            UUID id = new UUID(9, v);
            if (random.nextInt(5) > 0) {
                VmState[] states = {VmState.PENDING, VmState.PLACED, VmState.STARTING, VmState.RUNNING};
                VmState state = states[random.nextInt(states.length)];
                TestVm vm = new TestVm(id, JOB, v).state(state).incarnation(1 + random.nextInt(4));
                if (state != VmState.PENDING) {
                    vm.host("h" + random.nextInt(hosts));
                }
                world.record(vm.build());
            }
        }
        // One incarnation of a VM is started once: it lies on one host.
        Map<String, List<ObservedInstance>> instances = new HashMap<>();
        for (int h = 0; h < hosts; h++) {
            instances.put("h" + h, new ArrayList<>());
        }
        for (int v = 0; v < 4; v++) {
            for (long incarnation = 1; incarnation <= 6; incarnation++) {
                if (random.nextInt(3) == 0) {
                    String host = "h" + random.nextInt(hosts);
                    Vm record = world.records.get(new UUID(9, v));
                    if (record != null
                            && record.incarnation() == incarnation
                            && record.hostId().isPresent()) {
                        host = record.hostId().get();
                    }
                    Objects.requireNonNull(instances.get(host))
                            .add(new ObservedInstance(
                                    new UUID(9, v),
                                    incarnation,
                                    random.nextBoolean() ? InstancePhase.RUNNING : InstancePhase.EXITED));
                }
            }
        }
        instances.forEach((host, list) -> world.hosts.put(host, List.copyOf(list)));
        return world;
    }

    private static World copy(World world) {
        World copy = new World();
        copy.records.putAll(world.records);
        copy.hosts.putAll(world.hosts);
        return copy;
    }
}
