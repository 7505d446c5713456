package io.kelpie.it.chaos;

import io.kelpie.it.cluster.Commands;
import io.kelpie.it.cluster.Site;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One network namespace a process, all on one bridge, which stands in a namespace of its own; and the connections
 * between them, each direction of which can be cut. Needs root, and a mount and a network namespace that are ours alone:
 * {@code ./dev chaos} makes them, and with the last process in them everything that this class has set up is gone.
 * Thread-safe.
 */
public final class Network implements Site {
    /** The node that the harness itself is: the namespace it runs in. */
    public static final String OPERATOR = "op";

    private static final String SWITCH = "switch";
    private static final String SUBNET = "10.77.0.";
    private static final int FIRST_PORT = 7001;

    private final Map<String, String> addresses = new LinkedHashMap<>();
    private final Map<String, Map<String, String>> environments = new HashMap<>();
    // Guarded by this.
    private final Map<String, Integer> nextPorts = new HashMap<>();
    private final Set<Link> cut = new HashSet<>();

    /** One direction of a connection. */
    private record Link(String from, String to) {}

    private Network() {}

    /** Makes the namespaces, and connects them and the harness. */
    public static Network of(List<String> nodes) throws IOException, InterruptedException {
        if (!System.getenv().containsKey("KELPIE_OWN_NAMESPACES")) {
            throw new IllegalStateException("this network wants namespaces of its own: run it by ./dev");
        }
        Network network = new Network();
        Commands.run("ip", "netns", "add", SWITCH);
        Commands.run("ip", "-n", SWITCH, "link", "add", "br0", "type", "bridge");
        Commands.run("ip", "-n", SWITCH, "link", "set", "br0", "up");
        List<String> all = new ArrayList<>(nodes);
        all.add(OPERATOR);
        for (int i = 0; i < all.size(); i++) {
            network.connect(all.get(i), SUBNET + (i + 1));
        }
        return network;
    }

    private void connect(String node, String address) throws IOException, InterruptedException {
        addresses.put(node, address);
        String port = "to-" + node;
        if (node.equals(OPERATOR)) {
            Commands.run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", port, "netns", SWITCH);
            Commands.run("ip", "addr", "add", address + "/24", "dev", "eth0");
            Commands.run("ip", "link", "set", "eth0", "up");
            Commands.run("ip", "link", "set", "lo", "up");
        } else {
            Commands.run("ip", "netns", "add", node);
            Commands.run(
                    "ip", "link", "add", "eth0", "netns", node, "type", "veth", "peer", "name", port, "netns", SWITCH);
            Commands.run("ip", "-n", node, "addr", "add", address + "/24", "dev", "eth0");
            Commands.run("ip", "-n", node, "link", "set", "eth0", "up");
            Commands.run("ip", "-n", node, "link", "set", "lo", "up");
        }
        Commands.run("ip", "-n", SWITCH, "link", "set", port, "master", "br0", "up");
    }

    /** What the environment of the node's process has besides; before its command is asked for. */
    public void environment(String node, Map<String, String> environment) {
        environments.put(node, Map.copyOf(environment));
    }

    @Override
    public synchronized String address(String node) {
        int port = nextPorts.merge(node, FIRST_PORT, (last, first) -> last + 1);
        return ip(node) + ":" + port;
    }

    /** What {@link #address} answers to the first call for a node. */
    public String firstAddress(String node) {
        return ip(node) + ":" + FIRST_PORT;
    }

    @Override
    public List<String> command(String node, List<String> program) {
        List<String> command = new ArrayList<>(List.of("nsenter", "--net=/run/netns/" + node));
        command.addAll(program);
        return command;
    }

    @Override
    public Map<String, String> environment(String node) {
        return environments.getOrDefault(node, Map.of());
    }

    @Override
    public boolean isLoopback() {
        return false;
    }

    /** From now on packets from the one to the other are lost; those the other way are not. */
    public synchronized void cut(String from, String to) throws IOException, InterruptedException {
        if (cut.add(new Link(from, to))) {
            rule("-A", from, to);
        }
    }

    /** Undoes {@link #cut}. */
    public synchronized void heal(String from, String to) throws IOException, InterruptedException {
        if (cut.remove(new Link(from, to))) {
            rule("-D", from, to);
        }
    }

    private void rule(String verb, String from, String to) throws IOException, InterruptedException {
        List<String> rule = List.of("iptables", "-w", verb, "INPUT", "-s", ip(from), "-j", "DROP");
        Commands.run((to.equals(OPERATOR) ? rule : command(to, rule)).toArray(String[]::new));
    }

    private String ip(String node) {
        String address = addresses.get(node);
        if (address == null) {
            throw new IllegalArgumentException("no node " + node);
        }
        return address;
    }
}
