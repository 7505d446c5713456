package io.kelpie.agent.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AddressRuleTest {
    private final AddressRule strict = new AddressRule(ImageLimits.Loopback.REFUSED);
    private final AddressRule oneMachine = new AddressRule(ImageLimits.Loopback.ALLOWED);

    @ParameterizedTest
    @ValueSource(
            strings = {
                "169.254.169.254",
                "169.254.0.1",
                "0.0.0.0",
                "0.1.2.3",
                "224.0.0.1",
                "255.255.255.255",
                "240.0.0.1",
                "100.100.100.200",
                "::",
                "fe80::1",
                "ff02::1",
                "fd00:ec2::254",
                "::ffff:169.254.169.254",
                "64:ff9b::a9fe:a9fe",
                "2002:a9fe:a9fe::1",
                "::169.254.169.254"
            })
    void neverLeadsToWhatOnlyTheHostCanReach(String address) throws UnknownHostException {
        assertThat(strict.forbidden(InetAddress.getByName(address))).isPresent();
        assertThat(oneMachine.forbidden(InetAddress.getByName(address))).isPresent();
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"})
    void loopbackNeedsToBeAllowed(String address) throws UnknownHostException {
        assertThat(strict.forbidden(InetAddress.getByName(address))).isPresent();
        assertThat(oneMachine.forbidden(InetAddress.getByName(address))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.0.0.1", "192.168.1.1", "172.16.0.9", "93.184.216.34", "2001:db8::1", "fd12::1"})
    void privateAndPublicAddressesAreAllowed(String address) throws UnknownHostException {
        assertThat(strict.forbidden(InetAddress.getByName(address))).isEmpty();
    }

    @Test
    void namesTheKind() throws UnknownHostException {
        assertThat(strict.forbidden(InetAddress.getByName("169.254.169.254"))).contains("a link-local address");
    }
}
