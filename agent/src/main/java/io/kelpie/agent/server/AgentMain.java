package io.kelpie.agent.server;

import io.kelpie.common.yaml.YamlException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The agent's program: {@code kelpie-agent --config FILE}. SIGTERM and SIGINT end it, and never its VMs.
 *
 * <p>Exit codes: 0 ended by a signal, 1 cannot start, 2 wrong usage or configuration, 70 a defect.
 */
public final class AgentMain {
    private static final Logger LOG = LoggerFactory.getLogger(AgentMain.class);

    private static final int CANNOT_START = 1;
    private static final int USAGE = 2;
    private static final int DEFECT = 70;

    private AgentMain() {}

    public static void main(String[] args) {
        if (args.length != 2 || !args[0].equals("--config")) {
            end(USAGE, "usage: kelpie-agent --config FILE");
        }
        try {
            Path file = Path.of(args[1]);
            AgentConfig config = AgentConfig.parse(
                    args[1], Files.readString(file), Machine.read().name());
            Agent agent = Agent.start(config, AgentMain::defect);
            Runtime.getRuntime()
                    .addShutdownHook(new Thread(
                            () -> {
                                LOG.info("the agent ends; its VMs go on");
                                agent.close();
                                // To be ended is no failure; the JVM would answer 128 + signal.
                                Runtime.getRuntime().halt(0);
                            },
                            "shutdown"));
        } catch (YamlException e) {
            end(USAGE, String.valueOf(e.getMessage()));
        } catch (IOException e) {
            end(USAGE, "cannot read the configuration " + args[1] + ": " + e);
        } catch (StartupException e) {
            LOG.debug("cannot start", e);
            end(CANNOT_START, String.valueOf(e.getMessage()));
        }
    }

    /** Without the shutdown hook: it would wait for the thread that reports the defect. */
    private static void defect(Throwable defect) {
        LOG.error("defect: the agent ends; its VMs go on, and the next agent takes charge of them", defect);
        Runtime.getRuntime().halt(DEFECT);
    }

    @SuppressWarnings("SystemOut") // nobody else may have set up a log yet
    private static void end(int code, String message) {
        System.err.println(message);
        System.exit(code);
    }
}
