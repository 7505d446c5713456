package io.kelpie.controller.scheduling.check;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.kelpie.common.resources.QemuOverhead;
import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.model.Taint;
import io.kelpie.controller.model.Toleration;
import io.kelpie.controller.model.VmShape;
import io.kelpie.controller.scheduling.PlanChecker;
import io.kelpie.controller.scheduling.PreemptionChecker;
import io.kelpie.controller.scheduling.Scheduler;
import org.junit.jupiter.api.Test;

/** What finds places and what checks them have records in common, and nothing that reckons. */
class IndependenceTest {
    private static final String ROOT = "io.kelpie.controller.scheduling";

    private static final JavaClasses MAIN = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages(ROOT);

    private static final DescribedPredicate<JavaClass> THE_CHECKER = resideInAnyPackage(ROOT + ".check")
            .or(JavaClass.Predicates.belongToAnyOf(PlanChecker.class, PreemptionChecker.class))
            .as("the checker");

    private static final DescribedPredicate<JavaClass> THE_ENGINE = resideInAnyPackage(
                    ROOT + ".engine..", ROOT + ".filter..", ROOT + ".score..", ROOT + ".preempt..")
            .or(JavaClass.Predicates.belongToAnyOf(Scheduler.class, QemuOverhead.class))
            .as("the engine");

    @Test
    void theCheckerDoesNotKnowTheEngine() {
        noClasses().that(THE_CHECKER).should().dependOnClassesThat(THE_ENGINE).check(MAIN);
    }

    @Test
    void theEngineDoesNotKnowTheChecker() {
        noClasses().that(THE_ENGINE).should().dependOnClassesThat(THE_CHECKER).check(MAIN);
    }

    @Test
    void theCheckerReckonsForItself() {
        noClasses()
                .that(THE_CHECKER)
                .should()
                .callMethod(Reservation.class, "of", VmShape.class)
                .orShould()
                .callMethod(Toleration.class, "tolerates", Taint.class)
                .check(MAIN);
    }
}
