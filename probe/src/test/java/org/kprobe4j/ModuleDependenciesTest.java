package org.kprobe4j;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The arrows of ARCHITECTURE.md: probe → { compiler, bpf } → asm. */
class ModuleDependenciesTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("org.kprobe4j");

    private static final String ASM = "org.kprobe4j.asm..";
    private static final String BTF = "org.kprobe4j.btf..";
    private static final String BPF = "org.kprobe4j.bpf..";
    private static final String COMPILER = "org.kprobe4j.compiler..";
    private static final String API = "org.kprobe4j";
    private static final String INTERNAL = "org.kprobe4j.internal..";

    @Test
    void asmSeesNothing() {
        noClasses()
                .that()
                .resideInAnyPackage(ASM, BTF)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(BPF, COMPILER, API, INTERNAL)
                .check(CLASSES);
    }

    @Test
    void bpfAndCompilerDoNotSeeEachOtherNorTheApi() {
        noClasses()
                .that()
                .resideInAPackage(COMPILER)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(BPF, API, INTERNAL)
                .check(CLASSES);
        noClasses()
                .that()
                .resideInAPackage(BPF)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(COMPILER, API, INTERNAL)
                .check(CLASSES);
    }

    @Test
    void nativeAccessStaysInOnePackage() {
        noClasses()
                .that()
                .resideOutsideOfPackage("org.kprobe4j.bpf.internal..")
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.lang.foreign.Linker")
                .check(CLASSES);
    }
}
