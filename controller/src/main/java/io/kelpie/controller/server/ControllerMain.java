package io.kelpie.controller.server;

import io.kelpie.common.yaml.YamlException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** The program {@code kelpie-controller --config FILE}. Exit codes: 0 ended by a signal, 1 failed, 2 wrong usage. */
public final class ControllerMain {
    private ControllerMain() {}

    public static void main(String[] args) throws InterruptedException {
        if (args.length != 2 || !args[0].equals("--config")) {
            System.err.println("usage: kelpie-controller --config FILE");
            System.exit(2);
        }
        ControllerConfig config;
        try {
            Path file = Path.of(args[1]);
            config = ControllerConfig.parse(file.toString(), Files.readString(file));
        } catch (NoSuchFileException e) {
            System.err.println("error: " + e.getMessage() + ": there is no such file");
            System.exit(2);
            return;
        } catch (YamlException | IOException e) {
            System.err.println("error: " + e.getMessage());
            System.exit(2);
            return;
        }
        ControllerServer controller;
        try {
            controller = new ControllerServer(config, version());
        } catch (IOException e) {
            System.err.println("error: the controller cannot start: " + e.getMessage());
            System.exit(1);
            return;
        }
        Runtime.getRuntime().addShutdownHook(new Thread(controller::close, "kelpie-shutdown"));
        if (!controller.awaitEnd()) {
            System.exit(1);
        }
    }

    private static String version() {
        String version = ControllerMain.class.getPackage().getImplementationVersion();
        return version == null ? "dev" : version;
    }
}
