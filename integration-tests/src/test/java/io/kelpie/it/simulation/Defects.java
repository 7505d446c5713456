package io.kelpie.it.simulation;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import io.kelpie.controller.control.ControlLoop;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** Listens for what the control loop logs as a defect of its own; silences all other logs. One slot a thread. */
final class Defects {
    private static final ThreadLocal<String[]> SLOT = ThreadLocal.withInitial(() -> new String[1]);

    private static final ThreadLocal<World> WORLD = new ThreadLocal<>();

    private Defects() {}

    /** For a replay: prints what the production code logs, with the virtual time. To be called before {@link #listen}. */
    private static void print(LoggerContext context) {
        Logger all = context.getLogger("io.kelpie");
        all.setLevel(Level.INFO);
        all.setAdditive(false);
        AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
            @Override
            protected void append(ILoggingEvent event) {
                World world = WORLD.get();
                if (world != null) {
                    String name = event.getLoggerName();
                    System.err.printf(
                            "%10.3f      %s: %s%n",
                            world.now() / 1e9, name.substring(name.lastIndexOf('.') + 1), event.getFormattedMessage());
                }
            }
        };
        appender.setContext(context);
        appender.start();
        all.addAppender(appender);
    }

    /** To be called once in a process, before any run. */
    static void listen(boolean verbose) {
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        if (verbose) {
            print(context);
        } else {
            context.getLogger("io.kelpie").setLevel(Level.OFF);
        }
        Logger control = context.getLogger(ControlLoop.class);
        control.setLevel(verbose ? Level.INFO : Level.ERROR);
        control.setAdditive(verbose);
        AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
            @Override
            protected void append(ILoggingEvent event) {
                if (event.getLevel() != Level.ERROR || event.getThrowableProxy() == null) {
                    return;
                }
                SLOT.get()[0] =
                        event.getFormattedMessage() + "\n" + ThrowableProxyUtil.asString(event.getThrowableProxy());
            }
        };
        appender.setContext(context);
        appender.start();
        control.addAppender(appender);
    }

    static void begin(World world) {
        WORLD.set(world);
        SLOT.get()[0] = null;
    }

    static void end() {
        SLOT.remove();
        WORLD.remove();
    }

    static @Nullable String take() {
        String[] slot = SLOT.get();
        String defect = slot[0];
        slot[0] = null;
        return defect;
    }
}
