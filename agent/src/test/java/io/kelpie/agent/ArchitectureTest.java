package io.kelpie.agent;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.time.Instant;
import java.util.Random;

/** Where foreign libraries may appear, which parts may know which, and what nobody may call. */
@AnalyzeClasses(packages = "io.kelpie.agent", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule LIBVIRT_STAYS_IN_ITS_DRIVER = noClasses()
            .that()
            .resideOutsideOfPackage("..agent.driver.libvirt..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.libvirt..");

    @ArchTest
    static final ArchRule DRIVERS_DISKS_AND_IMAGES_DO_NOT_SPEAK_THE_WIRES_LANGUAGE = noClasses()
            .that()
            .resideInAnyPackage(
                    "..agent.driver..",
                    "..agent.image..",
                    "..agent.disk..",
                    "..agent.capability..",
                    "..agent.cloudinit..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.kelpie.proto..", "com.google.protobuf..", "io.grpc..");

    @ArchTest
    static final ArchRule GRPC_STAYS_IN_THE_LINK = noClasses()
            .that()
            .resideOutsideOfPackage("..agent.link..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("io.grpc..");

    /** Disks and images are two halves of one thing: disks are made from images, and images lie in pools of disks. */
    @ArchTest
    static final ArchRule PARTS_HAVE_NO_CYCLES = slices().matching("io.kelpie.agent.(*)..")
            .should()
            .beFreeOfCycles()
            .ignoreDependency(resideInAPackage("..agent.disk.."), resideInAPackage("..agent.image.."));

    @ArchTest
    static final ArchRule INSTANCES_DO_NOT_KNOW_DRIVERS_BY_NAME = noClasses()
            .that()
            .resideInAnyPackage("..agent.instance..", "..agent.link..", "..agent.console..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("..driver.qemu..", "..driver.libvirt..", "..driver.fake..");

    @ArchTest
    static final ArchRule NOBODY_SLEEPS = noClasses().should().callMethod(Thread.class, "sleep", long.class);

    @ArchTest
    static final ArchRule NOBODY_READS_A_CLOCK_OF_HIS_OWN = noClasses()
            .should()
            .callMethod(System.class, "currentTimeMillis")
            .orShould()
            .callMethod(System.class, "nanoTime")
            .orShould()
            .callMethod(Instant.class, "now");

    @ArchTest
    static final ArchRule NOBODY_MAKES_A_RANDOM_OF_HIS_OWN =
            noClasses().should().callConstructor(Random.class).orShould().callConstructor(Random.class, long.class);
}
