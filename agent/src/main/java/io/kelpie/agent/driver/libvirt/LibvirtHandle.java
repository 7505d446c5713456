package io.kelpie.agent.driver.libvirt;

import io.kelpie.agent.driver.DriverException;
import io.kelpie.agent.driver.DriverHandle;
import io.kelpie.agent.driver.DriverKind;
import io.kelpie.agent.driver.LaunchSpec;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * What this driver's handles say.
 *
 * @param domainName name of the domain, as {@code virsh list} shows it
 * @param instanceFolder the instance's durable folder
 */
record LibvirtHandle(String domainName, Path instanceFolder) {
    private static final int VERSION = 1;
    private static final char SEPARATOR = ':';

    static LibvirtHandle of(LaunchSpec spec) {
        String id = spec.id().vmId().toString();
        return new LibvirtHandle("kelpie-" + spec.vmName() + "-" + id.substring(0, 8), spec.instanceFolder());
    }

    static LibvirtHandle parse(DriverHandle handle) throws DriverException {
        int separator = handle.data().indexOf(SEPARATOR);
        if (handle.driver() != DriverKind.LIBVIRT || handle.version() != VERSION || separator < 0) {
            throw new DriverException("the handle " + handle + " is of another driver or of a later version");
        }
        return new LibvirtHandle(
                handle.data().substring(0, separator),
                Path.of(URLDecoder.decode(handle.data().substring(separator + 1), StandardCharsets.UTF_8)));
    }

    DriverHandle encode() {
        String folder = URLEncoder.encode(instanceFolder.toString(), StandardCharsets.UTF_8);
        return new DriverHandle(DriverKind.LIBVIRT, VERSION, domainName + SEPARATOR + folder);
    }
}
