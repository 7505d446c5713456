/**
 * The driver that runs instances through libvirtd.
 *
 * <p>{@link io.kelpie.agent.driver.libvirt.LibvirtConnection} keeps the connection and gives every call a deadline; {@link
 * io.kelpie.agent.driver.libvirt.Domains} says and does things to domains; {@link
 * io.kelpie.agent.driver.libvirt.LibvirtDriver} knows which instances are watched and when each has ended. libvirt's
 * events come on one thread of the process ({@link io.kelpie.agent.driver.libvirt.LibvirtEventLoop}) and are worked off
 * by one thread of the driver. This package alone uses {@code org.libvirt}.
 */
package io.kelpie.agent.driver.libvirt;
