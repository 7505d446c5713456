package io.kelpie.agent.capability;

/**
 * Whether guests can run in a mode, as found by booting one.
 *
 * @param outcome how far the guest came
 * @param millis from exec of QEMU to the last sign of the guest, or to the failure, in milliseconds
 * @param detail what was seen, one sentence
 */
public record ProbeResult(Outcome outcome, long millis, String detail) {
    /** How far the guest came. */
    public enum Outcome {
        /** It was not tried. */
        NOT_TRIED,
        /** It reached 64-bit mode with paging. */
        VERIFIED,
        /** Firmware and real-mode code ran; 64-bit mode was not reached. */
        FIRMWARE_ONLY,
        /** Nothing of the guest's own ran. */
        FAILED
    }
}
