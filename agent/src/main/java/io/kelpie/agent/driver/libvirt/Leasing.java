package io.kelpie.agent.driver.libvirt;

import io.kelpie.agent.driver.ExitInfo;
import io.kelpie.agent.driver.LaunchSpec;
import io.kelpie.agent.driver.LeaseBond;
import io.kelpie.agent.driver.guard.GuardExit;
import io.kelpie.agent.driver.guard.GuardRecord;
import io.kelpie.agent.driver.guard.ProcessIdentity;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.xml.parsers.ParserConfigurationException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;

/**
 * Leased instances under libvirt: the emulator of their domains is {@code kelpie-guard}, which runs QEMU as its child. So
 * the process that libvirt knows is the guard, and whoever kills it ends QEMU. The guard's files are in the instance's
 * folder.
 */
final class Leasing {
    private static final Logger LOG = LoggerFactory.getLogger(Leasing.class);

    /** The emulator that the guard becomes when libvirt asks what it can do. */
    private static final Path PROBED_QEMU = Path.of("/usr/bin/qemu-system-x86_64");

    /** Security models of libvirt that leave the guard its files. */
    private static final List<String> HARMLESS_MODELS = List.of("dac", "none");

    private Leasing() {}

    /** Why no instance can be leased, as far as that does not depend on libvirt; empty if none is in the way. */
    static Optional<String> obstacle(LibvirtSettings settings) {
        Optional<Path> guard = settings.guard();
        if (guard.isEmpty() || !Files.isExecutable(guard.get())) {
            return Optional.of("no leased instances: kelpie-guard is not at "
                    + guard.map(Path::toString).orElse("any place that is known")
                    + ". Fix: set guard to where it is");
        }
        if (settings.qemuUser() != LibvirtSettings.QemuUser.AGENT) {
            return Optional.of("no leased instances: QEMU runs as another user than the agent, and its guard could not "
                    + "write into the instance's folder");
        }
        if (!settings.emulator().orElse(PROBED_QEMU).equals(PROBED_QEMU)) {
            return Optional.of("no leased instances: libvirt's guarded QEMU is " + PROBED_QEMU
                    + ". Fix: set qemuBinary to it, or use the qemu driver");
        }
        return Optional.empty();
    }

    /**
     * Why no instance can be leased, by libvirt's own description of the host.
     *
     * @param capabilities what {@code virsh capabilities} shows
     */
    static Optional<String> obstacle(String capabilities) {
        NodeList models;
        try {
            models = Xml.secureBuilder()
                    .parse(new InputSource(new StringReader(capabilities)))
                    .getElementsByTagName("secmodel");
        } catch (ParserConfigurationException | SAXException | IOException e) {
            return Optional.of("no leased instances: libvirt's capabilities cannot be read: " + e.getMessage());
        }
        for (int i = 0; i < models.getLength(); i++) {
            NodeList children = models.item(i).getChildNodes();
            for (int j = 0; j < children.getLength(); j++) {
                String text = children.item(j).getTextContent().strip();
                if (children.item(j).getNodeName().equals("model") && !HARMLESS_MODELS.contains(text)) {
                    return Optional.of("no leased instances: libvirt confines QEMU by " + text
                            + ", which keeps its guard from the deadline file. Fix: use the qemu driver");
                }
            }
        }
        return Optional.empty();
    }

    /** The environment by which the guard learns what to do. */
    static Map<String, String> environment(LaunchSpec spec, LeaseBond lease) {
        Map<String, String> environment = new LinkedHashMap<>();
        environment.put("KELPIE_QEMU", PROBED_QEMU.toString());
        environment.put("KELPIE_INSTANCE", spec.id().toString());
        environment.put("KELPIE_RECORD", recordFile(spec.instanceFolder()).toString());
        environment.put("KELPIE_EXIT", exitFile(spec.instanceFolder()).toString());
        environment.put("KELPIE_DEADLINE", lease.deadlineFile().toString());
        environment.put("KELPIE_LINEAGE", Long.toString(lease.lineage()));
        return environment;
    }

    /** How the instance's lease ended it, if that is what ended it. */
    static Optional<ExitInfo> endOfLease(Path instanceFolder, String stderrTail) {
        try {
            return GuardExit.read(exitFile(instanceFolder)).flatMap(exit -> exit.endOfLease(stderrTail));
        } catch (IOException e) {
            LOG.warn("how the guard ended cannot be told: {}", e.getMessage());
            return Optional.empty();
        }
    }

    /** The QEMU of a guarded instance; empty if it has no guard, or if that has not begun. */
    static Optional<ProcessIdentity> qemu(Path instanceFolder) {
        try {
            return GuardRecord.read(recordFile(instanceFolder)).map(GuardRecord::qemu);
        } catch (IOException e) {
            LOG.warn("the process of a guarded QEMU cannot be told: {}", e.getMessage());
            return Optional.empty();
        }
    }

    private static Path recordFile(Path instanceFolder) {
        return instanceFolder.toAbsolutePath().resolve("guard.record");
    }

    private static Path exitFile(Path instanceFolder) {
        return instanceFolder.toAbsolutePath().resolve("guard.exit");
    }
}
