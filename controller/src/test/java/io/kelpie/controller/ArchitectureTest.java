package io.kelpie.controller;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.io.PrintStream;
import java.time.Clock;
import java.time.Instant;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;

/** Who may use what within the controller. */
class ArchitectureTest {
    private static final String ROOT = "io.kelpie.controller.";
    private static final String[] PURE = {
        ROOT + "model..", ROOT + "lifecycle..", ROOT + "scheduling..", ROOT + "reconcile.."
    };

    private static final JavaClasses MAIN = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.kelpie.controller");

    /** Time and chance come through {@code TimeSource} and seeds, so that every behaviour can be replayed. */
    private static final Set<String> BANNED_CALLS = Set.of(
            "java.lang.Thread.sleep",
            "java.lang.System.currentTimeMillis",
            "java.lang.System.nanoTime",
            "java.lang.Math.random",
            "java.time.Instant.now",
            "java.time.LocalDateTime.now",
            "java.time.OffsetDateTime.now",
            "java.time.ZonedDateTime.now",
            "java.util.concurrent.ThreadLocalRandom.current");

    private static final ArchRule NO_BANNED_CALLS = noClasses()
            .should()
            .accessTargetWhere(
                    DescribedPredicate.describe("is a clock, a sleep or unseeded chance", ArchitectureTest::isBanned));

    @Test
    void purePackagesUseOnlyTheLanguageAndEachOther() {
        classes()
                .that()
                .resideInAnyPackage(PURE)
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(PURE)
                        .or(resideInAPackage("java.."))
                        .or(resideInAPackage("org.jspecify.."))
                        .or(resideInAnyPackage(
                                "io.kelpie.common.id..",
                                "io.kelpie.common.lease..",
                                "io.kelpie.common.units..",
                                "io.kelpie.common.resources..")))
                .check(MAIN);
    }

    @Test
    void purePackagesHaveNoClockLoggerFutureOrInputOutput() {
        noClasses()
                .that()
                .resideInAnyPackage(PURE)
                .should()
                .dependOnClassesThat(resideInAnyPackage(
                                "java.util.concurrent..",
                                "java.util.logging..",
                                "java.io..",
                                "java.net..",
                                "java.nio..")
                        .or(named(System.Logger.class))
                        .or(named(Thread.class))
                        .or(named(Clock.class)))
                .check(MAIN);
    }

    @Test
    void replayNeedsNoCluster() {
        classes()
                .that()
                .resideInAPackage(ROOT + "replay..")
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(PURE)
                        .or(resideInAnyPackage("java..", "org.jspecify..", "picocli..", ROOT + "replay.."))
                        .or(resideInAnyPackage(
                                "io.kelpie.common.id..",
                                "io.kelpie.common.resources..",
                                "io.kelpie.common.time..",
                                "io.kelpie.common.units..",
                                "io.kelpie.common.yaml..")))
                .check(MAIN);
    }

    @Test
    void replayTouchesFilesAtItsEdgesOnly() {
        noClasses()
                .that()
                .resideInAPackage(ROOT + "replay..")
                .and()
                .haveNameNotMatching(".*\\.Replay(Main|Command|Options|Files)(\\$.*)?")
                .should()
                .dependOnClassesThat(resideInAnyPackage("java.nio.file..", "java.net..", "java.util.concurrent..")
                        .or(named(PrintStream.class))
                        .or(named(Thread.class))
                        .or(named(System.Logger.class)))
                .check(MAIN);
    }

    @Test
    void purePackagesInventNoIdentities() {
        noClasses()
                .that()
                .resideInAnyPackage(PURE)
                .should()
                .callMethod(UUID.class, "randomUUID")
                .check(MAIN);
    }

    @Test
    void protobufStaysOutOfPurePackages() {
        noClasses()
                .that()
                .resideInAnyPackage(PURE)
                .should()
                .dependOnClassesThat(resideInAnyPackage("com.google.protobuf..", "io.kelpie.proto.."))
                .check(MAIN);
    }

    @Test
    void zooKeeperStaysInStoreAndLeadership() {
        noClasses()
                .that()
                .resideOutsideOfPackages(ROOT + "store.zookeeper..", ROOT + "leadership..", ROOT + "server.embedded..")
                .should()
                .dependOnClassesThat(resideInAnyPackage("org.apache.curator..", "org.apache.zookeeper.."))
                .check(MAIN);
    }

    @Test
    void grpcStaysAtTheEdges() {
        noClasses()
                .that()
                .resideOutsideOfPackages(ROOT + "api..", ROOT + "dispatch..", ROOT + "server..")
                .should()
                .dependOnClassesThat(resideInAPackage("io.grpc.."))
                .check(MAIN);
    }

    @Test
    void nobodyCallsAClockASleepOrUnseededChance() {
        NO_BANNED_CALLS.check(MAIN);
    }

    @Test
    void bannedCallsAreFoundInEveryForm() {
        JavaClasses offender = new ClassFileImporter().importClasses(Offender.class);
        assertThat(NO_BANNED_CALLS.evaluate(offender).getFailureReport().getDetails())
                .hasSize(4)
                .anyMatch(detail -> detail.contains("Thread.sleep"))
                .anyMatch(detail -> detail.contains("Random.<init>"))
                .anyMatch(detail -> detail.contains("System.nanoTime"))
                .anyMatch(detail -> detail.contains("Instant.now"));
    }

    private static boolean isBanned(JavaAccess<?> access) {
        String owner = access.getTargetOwner().getName();
        if (access.getTarget().getName().equals("<init>")) {
            boolean unseeded = access.getTarget().getFullName().endsWith("<init>()");
            return unseeded && owner.equals(Random.class.getName());
        }
        return BANNED_CALLS.contains(owner + "." + access.getTarget().getName());
    }

    private static DescribedPredicate<JavaClass> named(Class<?> type) {
        return DescribedPredicate.describe(type.getName(), candidate -> candidate.isEquivalentTo(type));
    }

    /** What nobody may do: each banned form once. */
    @SuppressWarnings("unused")
    private static final class Offender {
        private final Random random = new Random();
        private final LongSupplier clock = System::nanoTime;

        void sleep() throws InterruptedException {
            Thread.sleep(clock.getAsLong() + random.nextInt() + Instant.now().toEpochMilli());
        }
    }
}
