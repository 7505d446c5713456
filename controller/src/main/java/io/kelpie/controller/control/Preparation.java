package io.kelpie.controller.control;

import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * What has to be known, or to be stopped, on the control thread before an operator's change that takes time elsewhere; made
 * by {@link HostOperations}. Changes no record.
 */
@FunctionalInterface
public interface Preparation<T> {
    /**
     * Runs on the control thread.
     *
     * @throws io.kelpie.common.error.KelpieException if the change is refused already
     */
    T prepare(OperationContext cluster);

    /** The same with its result made into another. */
    default <R> Preparation<R> map(Function<T, R> function) {
        return cluster -> function.apply(prepare(cluster));
    }

    /** The same, with what another gives at the same instant. */
    default <U, R> Preparation<R> with(Preparation<U> other, BiFunction<T, U, R> both) {
        return cluster -> both.apply(prepare(cluster), other.prepare(cluster));
    }
}
