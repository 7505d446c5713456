package io.kelpie.controller.fence;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The plug-ins of the distribution, with stand-ins for the tools that they call. */
@Tag("real")
class FenceScriptsTest {
    private static final Path SCRIPTS =
            Path.of("..", "deploy", "share", "fence").toAbsolutePath().normalize();

    @TempDir
    Path folder;

    private record Result(int code, String out, String err) {}

    /** {@code ipmitool} and {@code curl} note how they were called and act on a file that says on or off. */
    @BeforeEach
    void tools() throws IOException {
        program("ipmitool", """
                echo "$@" >>$folder/calls
                test -e $folder/broken && { echo "Error: Unable to establish IPMI v2 / RMCP+ session" >&2; exit 1; }
                for last; do :; done
                case $last in
                    status) echo "Chassis Power is $(cat $folder/power)" ;;
                    on|off) test "$(cat $folder/power)" != $last || exit 1; echo $last >$folder/power
                            echo "Chassis Power Control: $last" ;;
                esac
                """);
        program("curl", """
                echo "$@" >>$folder/calls
                test -e $folder/broken && { echo "curl: (28) timed out" >&2; exit 28; }
                for last; do :; done
                case "$*" in
                    *ForceOff*) echo off >$folder/power ;;
                    *'"On"'*) echo on >$folder/power ;;
                esac
                case $last in
                    */Systems) cat $folder/systems ;;
                    */Systems/1) sed "s/POWER/$(sed 's/on/On/; s/off/Off/' $folder/power)/" $folder/system ;;
                esac
                """);
        Files.writeString(folder.resolve("power"), "on\n");
        Files.writeString(folder.resolve("systems"), """
                {"@odata.id": "/redfish/v1/Systems", "Members@odata.count": 1,
                 "Members": [ { "@odata.id" : "/redfish/v1/Systems/1" } ]}
                """);
        Files.writeString(
                folder.resolve("system"), "{\"@odata.id\": \"/redfish/v1/Systems/1\",\n \"PowerState\" : \"POWER\"}\n");
        Files.writeString(folder.resolve("password"), "secret-word\n");
        Files.writeString(folder.resolve("netrc"), "machine 10.0.0.11 login kelpie password secret-word\n");
        Files.writeString(
                folder.resolve("fence-ipmi.conf"),
                "user=kelpie  # the board's\npassword_file=" + folder + "/password\ncipher_suite=17\n");
        Files.writeString(folder.resolve("fence-redfish.conf"), "netrc=" + folder + "/netrc\n");
    }

    private void program(String name, String script) throws IOException {
        Path program = folder.resolve(name);
        Files.writeString(program, "#!/bin/sh\nfolder=" + folder + "\n" + script);
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
    }

    private Result run(String script, String action) throws IOException, InterruptedException {
        return run(Map.of("KELPIE_LABEL_bmc", "10.0.0.11"), script, folder + "/" + script + ".conf", action, "h1");
    }

    private Result run(Map<String, String> labels, String script, String... arguments)
            throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder();
        builder.command().add(SCRIPTS.resolve(script).toString());
        builder.command().addAll(List.of(arguments));
        builder.environment().put("PATH", folder + ":/usr/bin:/bin");
        builder.environment().putAll(labels);
        Process process = builder.start();
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        return new Result(
                process.exitValue(),
                new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8),
                new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8));
    }

    @Test
    void theySwitchOffAndOnAndSayWhatTheBoardSays() throws Exception {
        for (String script : List.of("fence-ipmi", "fence-redfish")) {
            assertThat(run(script, "status")).as(script).isEqualTo(new Result(0, "on\n", ""));
            assertThat(run(script, "off")).as(script).isEqualTo(new Result(0, "", ""));
            assertThat(run(script, "status")).as(script).isEqualTo(new Result(0, "off\n", ""));
            assertThat(run(script, "off")).as("off already").isEqualTo(new Result(0, "", ""));
            assertThat(run(script, "on")).as(script).isEqualTo(new Result(0, "", ""));
            assertThat(run(script, "on")).as("on already").isEqualTo(new Result(0, "", ""));
            assertThat(run(script, "status")).as(script).isEqualTo(new Result(0, "on\n", ""));
        }
        assertThat(Files.readString(folder.resolve("calls")))
                .contains("-H 10.0.0.11 -U kelpie -f " + folder
                        + "/password -L OPERATOR -N 3 -R 2 -C 17 chassis power off")
                .contains("--netrc-file " + folder + "/netrc")
                .contains("https://10.0.0.11/redfish/v1/Systems/1/Actions/ComputerSystem.Reset")
                .as("no secret is an argument")
                .doesNotContain("secret-word");
    }

    @Test
    void aBoardThatDoesNotAnswerIsAnErrorNeverOff() throws Exception {
        Files.createFile(folder.resolve("broken"));
        Files.writeString(folder.resolve("power"), "off\n");
        for (String script : List.of("fence-ipmi", "fence-redfish")) {
            for (String action : List.of("status", "off")) {
                Result result = run(script, action);
                assertThat(result.code()).as(script).isNotZero();
                assertThat(result.out()).as(script).isEmpty();
                assertThat(result.err()).as(script).isNotBlank();
            }
        }
    }

    @Test
    void anythingButOnAndOffIsAnError() throws Exception {
        Files.writeString(folder.resolve("power"), "unknown\n");
        assertThat(run("fence-ipmi", "status").code()).isEqualTo(1);
        Result redfish = run("fence-redfish", "status");
        assertThat(redfish.code()).isEqualTo(1);
        assertThat(redfish.err()).contains("has the power state 'unknown'");

        Files.writeString(folder.resolve("power"), "off\n");
        Files.writeString(folder.resolve("system"), "{\"Oem\": {\"PowerState\": \"On\"}, \"PowerState\": \"POWER\"}\n");
        assertThat(run("fence-redfish", "status").out()).as("two power states").isEmpty();
    }

    @Test
    void aBoardOfSeveralSystemsMustBeToldWhich() throws Exception {
        Files.writeString(
                folder.resolve("systems"),
                "{\"Members\":[{\"@odata.id\":\"/redfish/v1/Systems/1\"},{\"@odata.id\":\"/redfish/v1/Systems/2\"}]}");
        assertThat(run("fence-redfish", "status").err()).contains("has not exactly one system");

        Files.writeString(
                folder.resolve("fence-redfish.conf"),
                "system=/redfish/v1/Systems/1\n",
                java.nio.file.StandardOpenOption.APPEND);
        assertThat(run("fence-redfish", "status").out()).isEqualTo("on\n");
    }

    @Test
    void whatIsMissingIsNamed() throws Exception {
        for (String script : List.of("fence-ipmi", "fence-redfish")) {
            String config = folder + "/" + script + ".conf";
            assertThat(run(Map.of(), script, config, "off", "h1").err()).contains("host h1 has no label bmc");
            assertThat(run(Map.of("KELPIE_LABEL_bmc", "-oProxy"), script, config, "off", "h1")
                            .err())
                    .contains("is no address");
            assertThat(run(Map.of("KELPIE_LABEL_bmc", "b"), script, "/absent", "off", "h1")
                            .err())
                    .contains("/absent cannot be read");
            assertThat(run(Map.of("KELPIE_LABEL_bmc", "b"), script, config, "reset", "h1")
                            .err())
                    .contains("'reset' is not known");
            assertThat(run(Map.of(), script, "off").code()).isEqualTo(2);
        }
        assertThat(Files.exists(folder.resolve("calls"))).isFalse();
    }
}
