package dev.longtake.templates;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import org.junit.jupiter.api.Test;

/** Which module may import which; this one has all of them on its class path. */
class ModuleRulesTest {
  private static final String RUNTIME = "dev.longtake.runtime..";
  private static final String PIPELINE = "dev.longtake.pipeline..";
  private static final String TRANSFORMS = "dev.longtake.transforms..";
  private static final String TEMPLATES = "dev.longtake.templates..";

  private static final JavaClasses LONGTAKE =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.longtake");

  @Test
  void seesTheModules() {
    assertThat(LONGTAKE)
        .extracting(JavaClass::getName)
        .contains("dev.longtake.templates.Main", "dev.longtake.runtime.api.AvatarEngine");
  }

  @Test
  void transformsUseTheEnginesApiAlone() {
    DescribedPredicate<JavaClass> engine = resideInAPackage(RUNTIME);
    DescribedPredicate<JavaClass> api = resideInAPackage("dev.longtake.runtime.api..");
    moduleMustNotUse(TRANSFORMS, engine.and(api.negate()));
  }

  @Test
  void transformsUseThePipelinesInterfacesAndElementsAlone() {
    DescribedPredicate<JavaClass> pipeline = resideInAPackage(PIPELINE);
    DescribedPredicate<JavaClass> offered =
        resideInAnyPackage(
            "dev.longtake.pipeline.spi..",
            "dev.longtake.pipeline.element..",
            "dev.longtake.pipeline.options..",
            "dev.longtake.pipeline.store..");
    moduleMustNotUse(TRANSFORMS, pipeline.and(offered.negate()));
  }

  @Test
  void transformsUseNoEntryPoint() {
    moduleMustNotUse(TRANSFORMS, resideInAPackage(TEMPLATES));
  }

  @Test
  void thePipelineUsesNeitherEngineNorPluginsNorEntryPoints() {
    moduleMustNotUse(PIPELINE, resideInAnyPackage(RUNTIME, TRANSFORMS, TEMPLATES));
  }

  @Test
  void templatesUseNeitherEngineNorPlugins() {
    moduleMustNotUse(TEMPLATES, resideInAnyPackage(RUNTIME, TRANSFORMS));
  }

  @Test
  void theEngineUsesNoOtherModule() {
    moduleMustNotUse(RUNTIME, resideInAnyPackage(PIPELINE, TRANSFORMS, TEMPLATES));
  }

  private static void moduleMustNotUse(String module, DescribedPredicate<JavaClass> others) {
    ArchRule rule =
        noClasses()
            .that()
            .resideInAPackage(module)
            .should()
            .dependOnClassesThat(others)
            .allowEmptyShould(true); // a module may still be without classes
    rule.check(LONGTAKE);
  }
}
