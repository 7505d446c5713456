package io.kelpie.it.benchmark;

import io.kelpie.it.cluster.Commands;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** Starts the guest by {@code virsh create}: the same disks made by hand, the same devices. */
final class VirshStarts implements AutoCloseable {
    static final String URI = "qemu:///system";

    private static final String DOMAIN = """
            <domain type='qemu'>
              <name>%1$s</name>
              <memory unit='MiB'>%2$d</memory>
              <vcpu>1</vcpu>
              <os><type arch='x86_64' machine='q35'>hvm</type></os>
              <features><acpi/><apic/><tcg><tb-cache unit='MiB'>4</tb-cache></tcg></features>
              <cpu mode='custom' match='exact' check='none'>
                <model fallback='forbid'>qemu64</model>
                <feature policy='require' name='popcnt'/>
                <feature policy='require' name='ssse3'/>
                <feature policy='require' name='sse4.1'/>
                <feature policy='require' name='sse4.2'/>
              </cpu>
              <devices>
                <disk type='file' device='disk'>
                  <driver name='qemu' type='qcow2'/>
                  <source file='%3$s/root.qcow2'/>
                  <target dev='vda' bus='virtio'/>
                  <boot order='1'/>
                </disk>
                <disk type='file' device='disk'>
                  <driver name='qemu' type='raw'/>
                  <source file='%3$s/data.raw'/>
                  <target dev='vdb' bus='virtio'/>
                </disk>
                <disk type='file' device='disk'>
                  <driver name='qemu' type='raw'/>
                  <source file='%3$s/seed.img'/>
                  <target dev='vdc' bus='virtio'/>
                  <readonly/>
                </disk>
                <serial type='file'><source path='%3$s/serial.log'/><target port='0'/></serial>
                <controller type='usb' model='none'/>
                <memballoon model='none'/>
                <rng model='virtio'><backend model='builtin'/></rng>
              </devices>
            </domain>
            """;

    private final Path folder;
    private final Path image;
    private final Path seed;
    private final String namePrefix = "kelpie-bench-" + ProcessHandle.current().pid() + "-";
    private int count;

    /** @param image libvirt changes its owner, so it is this benchmark's alone */
    VirshStarts(Path folder, Path image, Path seed) throws IOException {
        this.folder = Files.createDirectories(folder);
        this.image = image;
        this.seed = seed;
    }

    /** Nanoseconds from the first step until {@code virsh create} returns: the domain runs then. */
    long measure() throws IOException, InterruptedException {
        String name = namePrefix + count++;
        Path own = Files.createDirectory(folder.resolve(name));
        Files.setPosixFilePermissions(own, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.copy(seed, own.resolve("seed.img"));
        Path xml = own.resolve("domain.xml");
        Files.writeString(xml, DOMAIN.formatted(name, Guest.MEMORY_MIB, own));

        long begin = System.nanoTime();
        Guest.makeDisks(image, own.resolve("root.qcow2"), own.resolve("data.raw"));
        virsh("create", xml.toString());
        long took = System.nanoTime() - begin;

        String state = virsh("domstate", name).strip();
        virsh("destroy", name);
        if (!state.equals("running")) {
            throw new IOException("domain " + name + " is " + state);
        }
        return took;
    }

    /** Destroys what an interrupted measurement left. */
    @Override
    public void close() throws IOException, InterruptedException {
        for (String name : virsh("list", "--name").lines().toList()) {
            if (name.startsWith(namePrefix)) {
                virsh("destroy", name);
            }
        }
    }

    private static String virsh(String... arguments) throws IOException, InterruptedException {
        String[] command = new String[arguments.length + 3];
        command[0] = "virsh";
        command[1] = "--connect";
        command[2] = URI;
        System.arraycopy(arguments, 0, command, 3, arguments.length);
        return Commands.run(command);
    }
}
