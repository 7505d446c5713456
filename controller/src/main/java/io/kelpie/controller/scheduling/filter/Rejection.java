package io.kelpie.controller.scheduling.filter;

import java.util.Optional;

/**
 * Why a rule removed the host that came nearest.
 *
 * @param nearestHost the host's name; empty if the rule knows no nearer and farther
 * @param asked what was asked for, with unit
 * @param free what the host had, with unit
 * @param shortfall the difference, with unit; empty if it has no meaning
 * @param fix the smallest change that would help
 */
public record Rejection(Optional<String> nearestHost, String asked, String free, String shortfall, String fix) {
    static Rejection of(String nearestHost, String asked, String free, String shortfall, String fix) {
        return new Rejection(Optional.of(nearestHost), asked, free, shortfall, fix);
    }
}
