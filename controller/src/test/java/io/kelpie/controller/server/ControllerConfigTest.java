package io.kelpie.controller.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.kelpie.common.lease.LeaseProfile;
import io.kelpie.common.yaml.YamlException;
import io.kelpie.controller.fence.FenceConfig;
import io.kelpie.controller.model.Controller;
import io.kelpie.controller.model.ControllerIdentity;
import io.kelpie.controller.scheduling.NPlusOne;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ControllerConfigTest {
    private static final String LEAST = "dataFolder: /var/lib/kelpie\nembeddedZooKeeper: true\n";

    @Test
    void defaults() {
        assertThat(ControllerConfig.parse("controller.yaml", LEAST))
                .isEqualTo(new ControllerConfig(
                        ControllerIdentity.alone("controller", "127.0.0.1:7400"),
                        new InetSocketAddress("127.0.0.1", 7400),
                        Path.of("/var/lib/kelpie"),
                        new ControllerConfig.Store.Embedded(new InetSocketAddress("127.0.0.1", 7401)),
                        Optional.empty(),
                        false,
                        SchedulingPolicy.DEFAULT,
                        Optional.empty()));
    }

    @Test
    void everyKeyIsRead() {
        assertThat(ControllerConfig.parse("controller.yaml", """
                        controllerId: c2
                        listenAddress: 0.0.0.0:8400
                        advertiseAddress: c2.example:8400
                        dataFolder: /data
                        zooKeeper: z1:2181,z2:2181,z3:2181
                        controllers: [c1=c1.example:8400, c2=c2.example:8400]
                        metricsAddress: "[::1]:9400"
                        insecurePlaintext: true
                        vcpuOvercommitPercent: 150
                        placement: {policy: spread, startsInFlight: 4, preferWeight: 20, imageWeight: 0, nPlusOne: warn}
                        leaseTimes: large
                        fence: {command: [/opt/fence, --via, bmc], timeoutSeconds: 45}
                        """))
                .isEqualTo(new ControllerConfig(
                        new ControllerIdentity(
                                        "c2",
                                        "c2.example:8400",
                                        List.of(
                                                new Controller("c1", "c1.example:8400", true),
                                                new Controller("c2", "c2.example:8400", true)))
                                .with(LeaseProfile.LARGE),
                        new InetSocketAddress("0.0.0.0", 8400),
                        Path.of("/data"),
                        new ControllerConfig.Store.External("z1:2181,z2:2181,z3:2181"),
                        Optional.of(new InetSocketAddress("::1", 9400)),
                        true,
                        new SchedulingPolicy(150, SchedulingPolicy.Packing.SPREAD, 4, 20, 0, NPlusOne.WARN),
                        Optional.of(new FenceConfig(List.of("/opt/fence", "--via", "bmc"), Duration.ofSeconds(45)))));
    }

    @Test
    void otherLeaseTimesAreRefused() {
        assertThatThrownBy(() -> ControllerConfig.parse("controller.yaml", LEAST + "leaseTimes: huge\n"))
                .hasMessageContaining("give standard (up to 2,000 hosts) or large");
    }

    @Test
    void theEmbeddedZooKeeperListensWhereItIsTold() {
        assertThat(ControllerConfig.parse("controller.yaml", LEAST + "embeddedZooKeeperAddress: 127.0.0.1:2181\n")
                        .store())
                .isEqualTo(new ControllerConfig.Store.Embedded(new InetSocketAddress("127.0.0.1", 2181)));
    }

    @Test
    void itsOwnAddressAmongTheControllersIsItsAddress() {
        String config = LEAST + "controllerId: c1\nlistenAddress: 127.0.0.2:7400\n";
        assertThat(ControllerConfig.parse("controller.yaml", config + "controllers: [c1=one:7400, c2=two:7400]\n")
                        .identity()
                        .address())
                .isEqualTo("one:7400");
        assertThat(ControllerConfig.parse("controller.yaml", config).identity().address())
                .isEqualTo("127.0.0.2:7400");
    }

    @Test
    void twoAddressesOfItsOwnAreRefused() {
        YamlException refusal = refusal(LEAST + "controllers: [controller=h:1]\nadvertiseAddress: i:1\n");
        assertThat(refusal).hasMessageContaining("controllers: ").hasMessageContaining("h:1");
        assertThat(refusal.fix()).contains("leave advertiseAddress out");
    }

    @Test
    void plainTextBeyondLoopbackMustBeAccepted() {
        String config = LEAST + "listenAddress: 0.0.0.0:7400\nmetricsAddress: 0.0.0.0:9400\n";
        assertThat(refusal(config)).hasMessageContaining("listenAddress: ");
        assertThat(ControllerConfig.parse("controller.yaml", config + "insecurePlaintext: true\n")
                        .listenAddress()
                        .getPort())
                .isEqualTo(7400);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "listenAdress: 127.0.0.1:1           | listenAdress             | did you mean 'listenAddress'?",
                "controllerId: ../c                  | controllerId             | 1 to 56",
                "controllerId: \"c\\n1\"             | controllerId             | 1 to 56",
                "listenAddress: 7400                 | listenAddress            | host:port",
                "listenAddress: 127.0.0.1:0          | listenAddress            | 1 to 65535",
                "listenAddress: 127.0.0.1:65536      | listenAddress            | 1 to 65535",
                "listenAddress: 192.0.2.1:7400       | listenAddress            | insecurePlaintext: true",
                "metricsAddress: everywhere          | metricsAddress           | host:port",
                "metricsAddress: 192.0.2.1:9400      | metricsAddress           | insecurePlaintext: true",
                "embeddedZooKeeperAddress: 0.0.0.0:1 | embeddedZooKeeperAddress | insecurePlaintext: true",
                "zooKeeper: z1:2181                  | zooKeeper                | either embeddedZooKeeper",
                "vcpuOvercommitPercent: 99           | vcpuOvercommitPercent    | 100 to 10000",
                "vcpuOvercommitPercent: 10001        | vcpuOvercommitPercent    | 100 to 10000",
                "vcpuOvercommitPercent: lots         | vcpuOvercommitPercent    | 100 to 10000",
                "placement: {policy: worst}          | placement.policy         | pack or spread",
                "placement: {nPlusOne: on}           | placement.nPlusOne       | off, warn or enforce",
                "placement: {startsInFlight: -1}     | placement.startsInFlight | 0 to 10000",
                "placement: {preferWeight: 101}      | placement.preferWeight   | 0 to 100",
                "placement: {imageWeight: -1}        | placement.imageWeight    | 0 to 100",
                "placement: {imageWeight: heavy}     | placement.imageWeight    | 0 to 100",
                "placement: {startsInFlight: 10001}  | placement.startsInFlight | 0 to 10000",
                "placement: pack                     | placement                | write its keys below",
                "placement: {weight: 1}              | placement.weight         | imageWeight",
                "insecurePlaintext: perhaps          | insecurePlaintext        | true or false",
                "fence: {}                           | fence.command            | absolute path",
                "fence: /opt/fence                   | fence                    | write its keys below",
                "fence: {command: fence}             | fence.command            | write 'command: ",
                "fence: {command: [fence-ipmi]}      | fence.command            | the whole path",
                "fence: {comand: [/opt/fence]}       | fence.command            | absolute path",
                "fence: {command: [/f], timeoutSeconds: 4}   | fence.timeoutSeconds | 5 to 600",
                "fence: {command: [/f], timeoutSeconds: 601} | fence.timeoutSeconds | 5 to 600",
                "fence: {command: [/f], timeout: 9}  | fence.timeout            | timeoutSeconds",
                "dataFolder: /other                  | dataFolder               | keep one",
                "advertiseAddress: nowhere           | advertiseAddress         | host:port",
                "controllers: ['10.0.0.1:7400']      | controllers              | c1=10.0.0.1:7400",
                "controllers: [c1=7400]              | controllers              | c1=10.0.0.1:7400",
                "controllers: [C1=h:7400]            | controllers              | c1=10.0.0.1:7400",
                "controllers: [c1=h:1, c2=h:1]       | controllers              | address of its own",
                "controllers: [c1=h:1, c1=h:2]       | controllers              | id of its own",
                "controllers: [c1=h:7400]            | controllers              | add controller=127.0.0.1:7400",
            })
    void isRefusedByNameOfTheKeyWithAFix(String line, String key, String fix) {
        YamlException refusal = refusal(LEAST + line + "\n");
        assertThat(refusal).hasMessageStartingWith("controller.yaml").hasMessageContaining(key + ": ");
        assertThat(refusal.fix()).contains(fix);
    }

    @Test
    void aStoreIsNeeded() {
        YamlException refusal = refusal("dataFolder: /data\n");
        assertThat(refusal).hasMessageContaining("zooKeeper: is missing");
        assertThat(refusal.fix()).contains("either embeddedZooKeeper: true");
        assertThat(refusal("embeddedZooKeeper: true\n")).hasMessageContaining("dataFolder: ");
    }

    private static YamlException refusal(String text) {
        YamlException refusal =
                catchThrowableOfType(YamlException.class, () -> ControllerConfig.parse("controller.yaml", text));
        assertThat(refusal).as(text).isNotNull();
        return refusal;
    }
}
