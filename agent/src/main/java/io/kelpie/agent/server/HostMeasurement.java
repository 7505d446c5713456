package io.kelpie.agent.server;

import io.kelpie.agent.capability.HostFacts;
import io.kelpie.agent.fencing.DurableFile;
import io.kelpie.proto.v1.ProbeResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Measures the machine, once for each state of what the result depends on: the boot, the QEMU binary and /dev/kvm. The
 * result is kept on disk, so that an agent that is started anew need not boot guests again.
 *
 * <p>Blocks; used by one thread at a time.
 */
final class HostMeasurement {
    private static final Logger LOG = LoggerFactory.getLogger(HostMeasurement.class);
    private static final String NONE = "none";
    /** What an earlier agent has kept may lack what this one measures. */
    private static final String FORMAT = "2 ";

    /** Boots guests. */
    interface Probe {
        HostFacts measure() throws InterruptedException;
    }

    private final Probe probe;
    private final Path cacheFile;
    private final String bootId;
    private final Path qemuBinary;
    private final Path kvmDevice;

    HostMeasurement(Probe probe, Path cacheFile, String bootId, Path qemuBinary, Path kvmDevice) {
        this.probe = probe;
        this.cacheFile = cacheFile;
        this.bootId = bootId;
        this.qemuBinary = qemuBinary;
        this.kvmDevice = kvmDevice;
    }

    /** What the result depends on, read in microseconds. */
    String key() {
        return FORMAT + bootId + " " + binary() + " " + device();
    }

    /** The kept result if nothing has changed, else a new one. */
    MeasuredHost measure() throws InterruptedException, IOException {
        String key = key();
        Optional<MeasuredHost> kept = kept(key);
        if (kept.isPresent()) {
            return kept.get();
        }
        MeasuredHost measured = MeasuredHost.of(probe.measure());
        LOG.info(
                "measured this host: KVM {}, TCG {}",
                measured.capabilities().getKvmProbe().getDetail(),
                measured.capabilities().getTcgProbe().getDetail());
        if (measured.capabilities().getTcgProbe().getOutcome() == ProbeResult.Outcome.OUTCOME_VERIFIED) {
            // Where not even TCG could be verified, the machine may only have been too busy: the next start tries
            // again.
            DurableFile.write(cacheFile, measured.encode(key));
        }
        return measured;
    }

    private Optional<MeasuredHost> kept(String key) throws IOException {
        try {
            return MeasuredHost.decode(Files.readString(cacheFile), key);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    private String binary() {
        try {
            Path real = qemuBinary.toRealPath();
            return real + ":" + Files.size(real) + ":"
                    + Files.getLastModifiedTime(real).toMillis();
        } catch (IOException e) {
            return NONE;
        }
    }

    private String device() {
        try {
            return "kvm:" + Files.readAttributes(kvmDevice, "unix:mode,uid,gid,rdev");
        } catch (IOException e) {
            return NONE;
        }
    }
}
