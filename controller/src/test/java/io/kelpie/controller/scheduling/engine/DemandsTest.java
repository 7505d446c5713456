package io.kelpie.controller.scheduling.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.model.AccelerationMode;
import io.kelpie.controller.model.DriverKind;
import io.kelpie.controller.model.PageSize;
import io.kelpie.controller.model.PagingRequirement;
import io.kelpie.controller.model.PlacementRules;
import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.model.VmShape;
import java.lang.reflect.Constructor;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class DemandsTest {
    /** The components of a shape in their order: two values of each. */
    private static final Object[][] VALUES = {
        {4, 8},
        {8192L, 4096L},
        {Optional.empty(), Optional.of(PageSize.MIB_2)},
        {0, 1},
        {new TreeMap<>(Map.of("fast", 10L)), new TreeMap<>(Map.of("fast", 20L))},
        {new TreeMap<>(), new TreeMap<>(Map.of("gpu", 1))},
        {false, true},
        {AccelerationMode.KVM, AccelerationMode.TCG},
        {PagingRequirement.HARDWARE, PagingRequirement.ANY},
        {Optional.of("EPYC"), Optional.empty()},
        {Optional.empty(), Optional.of(DriverKind.QEMU)},
        {Set.of("sha256:1"), Set.of("sha256:2")}
    };

    private final Demands demands = new Demands(new HostTable(100), Reservation::of);

    @Test
    void equalShapesHaveOneDemand() {
        assertThat(demand(shape(-1))).isSameAs(demand(shape(-1)));
    }

    @Test
    void shapesThatDifferInAnythingHaveDifferentDemands() {
        Demand asked = demand(shape(-1));
        for (int i = 0; i < VALUES.length; i++) {
            Demand other = demand(shape(i));
            assertThat(other.shape()).isEqualTo(shape(i));
            assertThat(other).isNotSameAs(asked);
        }
    }

    private Demand demand(VmShape shape) {
        return demands.of(shape, PlacementRules.NONE);
    }

    /** A new one of the first values, but of one component the second. */
    private static VmShape shape(int other) {
        RecordComponent[] components = VmShape.class.getRecordComponents();
        assertThat(components).hasSameSizeAs(VALUES);
        Object[] arguments = new Object[VALUES.length];
        for (int i = 0; i < VALUES.length; i++) {
            arguments[i] = VALUES[i][i == other ? 1 : 0];
        }
        try {
            Constructor<VmShape> constructor = VmShape.class.getDeclaredConstructor(
                    Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new));
            return constructor.newInstance(arguments);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }
}
