package dev.longtake.runtime;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import dev.longtake.runtime.ops.Ops;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What may know what inside the engine. */
class ArchitectureTest {
  private static final String ROOT = "dev.longtake.runtime.";

  /** A package imports only itself and packages before it. */
  private static final List<String> ORDER =
      List.of(
          "api",
          "cuda",
          "tensor",
          "memory",
          "ops",
          "weights",
          "model",
          "sampling",
          "spi",
          "strategy",
          "engine",
          "tools");

  private static final DescribedPredicate<JavaClass> SYSTEM = assignableTo(System.class);

  // The classes that lie beside Ops, so all of this module's and none of its tests.
  private static final JavaClasses ENGINE =
      new ClassFileImporter()
          .importUrl(Ops.class.getProtectionDomain().getCodeSource().getLocation());

  static List<String> packages() {
    return ORDER;
  }

  @ParameterizedTest
  @MethodSource("packages")
  void packagesImportOnlyThoseBeforeThem(String name) {
    String[] later =
        ORDER.stream()
            .skip(ORDER.indexOf(name) + 1L)
            .map(ArchitectureTest::withSubpackages)
            .toArray(String[]::new);
    ArchRule rule =
        noClasses()
            .that()
            .resideInAPackage(withSubpackages(name))
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(later)
            .allowEmptyShould(true); // a package may still be without classes
    rule.check(ENGINE);
  }

  @Test
  void everyClassLiesInAPackageThatHasAPlaceInTheOrder() {
    classes()
        .should()
        .resideInAnyPackage(
            ORDER.stream().map(ArchitectureTest::withSubpackages).toArray(String[]::new))
        .check(ENGINE);
  }

  @Test
  void onlyTheCudaPackageKnowsJcudaAndJna() {
    noClasses()
        .that()
        .resideOutsideOfPackage(withSubpackages("cuda"))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("jcuda..", "com.sun.jna..")
        .check(ENGINE);
  }

  @Test
  void onlyToolsKnowTheCommandLine() {
    noClasses()
        .that()
        .resideOutsideOfPackage(withSubpackages("tools"))
        .should()
        .dependOnClassesThat()
        .resideInAPackage("picocli..")
        .check(ENGINE);
  }

  @Test
  void nothingKnowsBeamFlinkOrAnotherModule() {
    noClasses()
        .should()
        .dependOnClassesThat(
            resideInAPackage("org.apache.beam..")
                .or(resideInAPackage("org.apache.flink.."))
                .or(
                    resideInAPackage("dev.longtake..")
                        .and(resideInAPackage("dev.longtake.runtime..").negate())))
        .check(ENGINE);
  }

  @Test
  void nothingReadsTheEnvironmentOrSystemProperties() {
    noClasses()
        .should()
        .callMethodWhere(calls(SYSTEM, "getenv|getProperty|getProperties"))
        .orShould()
        .callMethodWhere(calls(assignableTo(Boolean.class), "getBoolean"))
        .orShould()
        .callMethodWhere(calls(assignableTo(Integer.class), "getInteger"))
        .orShould()
        .callMethodWhere(calls(assignableTo(Long.class), "getLong"))
        .check(ENGINE);
  }

  /** PromptTokenizer has to: DJL has no other switch that keeps it off the network. */
  @Test
  void onlyThePromptTokenizerSetsASystemProperty() {
    noClasses()
        .that()
        .doNotHaveFullyQualifiedName(ROOT + "model.t5.PromptTokenizer")
        .should()
        .callMethodWhere(calls(SYSTEM, "setProperty|setProperties|clearProperty"))
        .check(ENGINE);
  }

  @Test
  void nothingPrints() {
    noClasses()
        .should()
        .accessFieldWhere(
            DescribedPredicate.describe(
                "the target is System.out, System.err or System.in",
                access ->
                    access.getTargetOwner().isEquivalentTo(System.class)
                        && List.of("out", "err", "in").contains(access.getTarget().getName())))
        .orShould()
        .callMethodWhere(calls(assignableTo(Throwable.class), "printStackTrace"))
        .orShould()
        .callMethodWhere(calls(SYSTEM, "console"))
        .check(ENGINE);
  }

  @Test
  void onlyEngineMainEndsTheProcess() {
    noClasses()
        .that()
        .doNotHaveFullyQualifiedName(ROOT + "tools.EngineMain")
        .should()
        .callMethodWhere(calls(SYSTEM, "exit"))
        .orShould()
        .callMethodWhere(calls(assignableTo(Runtime.class), "exit|halt"))
        .check(ENGINE);
  }

  @Test
  void nothingUsesReflection() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAPackage("java.lang.reflect..")
        .orShould()
        .callMethodWhere(
            calls(
                assignableTo(Class.class),
                "forName|newInstance|get(Declared)?(Method|Field|Constructor)s?"))
        .orShould()
        .callMethodWhere(calls(assignableTo(ClassLoader.class), "loadClass"))
        .check(ENGINE);
  }

  private static String withSubpackages(String name) {
    return ROOT + name + "..";
  }

  private static DescribedPredicate<JavaCall<?>> calls(
      DescribedPredicate<JavaClass> ownerType, String methods) {
    return target(owner(ownerType)).and(target(nameMatching(methods)));
  }
}
