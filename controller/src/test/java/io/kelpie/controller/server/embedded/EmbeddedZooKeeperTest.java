package io.kelpie.controller.server.embedded;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.kelpie.controller.store.zookeeper.ZooKeeperClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedZooKeeperTest {
    @TempDir
    private Path folder;

    private EmbeddedZooKeeper start() throws IOException, InterruptedException {
        return EmbeddedZooKeeper.start(folder, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    private interface Use<T> {
        T with(ZooKeeper zooKeeper) throws Exception;
    }

    private static <T> T use(EmbeddedZooKeeper server, Use<T> use) throws Exception {
        try (ZooKeeperClient client = ZooKeeperClient.connect(server.connectString())) {
            await().until(client::isConnected);
            return use.with(client.curator().getZookeeperClient().getZooKeeper());
        }
    }

    @Test
    void keepsItsDataOverARestart() throws Exception {
        try (EmbeddedZooKeeper server = start()) {
            assertThat(server.isRunning()).isTrue();
            use(
                    server,
                    zooKeeper -> zooKeeper.create(
                            "/kept", "a".getBytes(US_ASCII), ZooDefs.Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT));
        }
        try (EmbeddedZooKeeper server = start()) {
            byte[] data = use(server, zooKeeper -> zooKeeper.getData("/kept", false, null));
            assertThat(data).asString().isEqualTo("a");
        }
    }

    @Test
    void removesWhatARestartDoesNotNeed() throws Exception {
        for (int i = 0; i < 6; i++) {
            int number = i;
            try (EmbeddedZooKeeper server = start()) {
                use(
                        server,
                        zooKeeper -> zooKeeper.create(
                                "/n" + number, new byte[0], ZooDefs.Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT));
            }
        }
        try (EmbeddedZooKeeper server = start()) {
            await().until(() -> files("snapshot.").size() == EmbeddedZooKeeper.SNAPSHOTS_KEPT);
            assertThat(files("log.")).hasSizeLessThanOrEqualTo(EmbeddedZooKeeper.SNAPSHOTS_KEPT + 1);
            List<String> children = use(server, zooKeeper -> zooKeeper.getChildren("/", false));
            assertThat(children).contains("n0", "n1", "n2", "n3", "n4", "n5");
        }
    }

    private List<String> files(String prefix) throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve("version-2"))) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.startsWith(prefix))
                    .toList();
        }
    }

    @Test
    void leavesTheProcessItsHandlerOfUncaughtExceptions() throws Exception {
        Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
        Thread.UncaughtExceptionHandler ours = (thread, cause) -> {};
        Thread.setDefaultUncaughtExceptionHandler(ours);
        try (EmbeddedZooKeeper server = start()) {
            assertThat(server.isRunning()).isTrue();
            assertThat(Thread.getDefaultUncaughtExceptionHandler()).isSameAs(ours);
        } finally {
            Thread.setDefaultUncaughtExceptionHandler(before);
        }
    }

    @Test
    void listensOnItsAddressOnlyAndKnowsOneCommand() throws Exception {
        try (EmbeddedZooKeeper server = start()) {
            assertThat(server.connectString()).startsWith("127.0.0.1:");
            assertThat(ask(server, "srvr")).contains("Zookeeper version");
            for (String command : List.of("ruok", "conf", "wchp", "dump", "stat")) {
                assertThat(ask(server, command)).contains("not in the whitelist");
            }
        }
    }

    private static String ask(EmbeddedZooKeeper server, String command) throws IOException {
        String address = server.connectString();
        int port = Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(command.getBytes(US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), US_ASCII);
        }
    }

    @Test
    void failsOnAnAddressThatIsTakenAndCanStartAgainElsewhere() throws Exception {
        try (EmbeddedZooKeeper server = start()) {
            String address = server.connectString();
            int port = Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
            InetSocketAddress taken = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
            Path other = folder.resolve("other");
            assertThatThrownBy(() -> EmbeddedZooKeeper.start(other, taken)).isInstanceOf(IOException.class);
            EmbeddedZooKeeper.start(other, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                    .close();
        }
    }

    @Test
    void isNotRunningAfterItWasClosed() throws Exception {
        EmbeddedZooKeeper server = start();
        server.close();
        assertThat(server.isRunning()).isFalse();
    }
}
