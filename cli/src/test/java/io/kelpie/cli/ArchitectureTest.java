package io.kelpie.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "io.kelpie.cli", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule NEEDS_PROTO_AND_COMMON_ALONE = classes()
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    "java..",
                    "io.kelpie.cli..",
                    "io.kelpie.common..",
                    "io.kelpie.proto..",
                    "io.grpc..",
                    "com.google.protobuf..",
                    "com.google.rpc..",
                    "org.jspecify..",
                    "org.snakeyaml..",
                    "picocli..");

    @ArchTest
    static final ArchRule NETTY_IN_ONE_CLASS = noClasses()
            .that()
            .doNotHaveFullyQualifiedName("io.kelpie.cli.connect.NettyChannels")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("io.grpc.netty..");

    @ArchTest
    static final ArchRule NO_CLOCK_BUT_THE_GIVEN_ONE = noClasses()
            .should()
            .callMethod(System.class, "currentTimeMillis")
            .orShould()
            .callMethod(System.class, "nanoTime")
            .orShould()
            .callMethod(Thread.class, "sleep", long.class);
}
