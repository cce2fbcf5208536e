package org.kprobe4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@Tag("kernel")
@ExtendWith(LeftNothingBehind.class)
class ModuleKernelTest {
    private static final String GONE =
            "brd_submit_bio is GONE: module brd was unloaded; a probe sees it loaded again only with followModule() in its registration";

    @Test
    void aProbeIsGoneWithItsModuleAndStaysSo() {
        Brd.load();
        try (var writes = Counter.of()) {
            var kp = Kprobe.at(Brd.FUNCTION)
                    .preHandler((p, regs) -> {
                        if (Kernel.comm().equals("dd")) {
                            writes.increment();
                        }
                        return 0;
                    })
                    .register();
            try (kp) {
                Brd.write(5);
                assertThat(writes.sum()).isEqualTo(5);
                assertThat(kp.state()).isEqualTo(ProbeState.ENABLED);
                Brd.unload();
                assertThat(kp.state()).isEqualTo(ProbeState.GONE);
                assertThat(KernelProbes.planted()).singleElement().satisfies(probe -> {
                    assertThat(probe.gone()).isTrue();
                    assertThat(probe.ours()).isTrue();
                });
                Brd.load();
                Brd.write(5);
                assertThat(writes.sum()).isEqualTo(5);
                assertThat(kp.state()).isEqualTo(ProbeState.GONE);
                kp.disable();
                assertThatThrownBy(kp::enable)
                        .isInstanceOf(RegistrationException.class)
                        .hasMessage("enable_kprobe failed, returned -22 (EINVAL): " + GONE);
            }
            assertThat(kp.account().hits()).isGreaterThanOrEqualTo(5);
        } finally {
            Brd.unload();
        }
    }

    @Test
    void aReturnProbeIsGoneToo() {
        Brd.load();
        var rp = Kretprobe.at(Brd.FUNCTION)
                .entryHandler((ri, regs) -> Kernel.comm().equals("dd") ? 0 : 1)
                .handler((ri, regs) -> 0)
                .register();
        try (rp) {
            Brd.write(5);
            Brd.unload();
            assertThat(rp.state()).isEqualTo(ProbeState.GONE);
            Brd.load();
            Brd.unload();
        }
        assertThat(rp.account().delivered()).isEqualTo(5);
        assertThat(rp.account().inFlight()).isZero();
    }

    @Test
    void aProbeThatFollowsItsModuleHitsAgainWithoutOurDoing() {
        try (var writes = Counter.of()) {
            // Before the module is loaded for the first time.
            var kp = Kprobe.at("brd:" + Brd.FUNCTION)
                    .preHandler((p, regs) -> {
                        if (Kernel.comm().equals("dd")) {
                            writes.increment();
                        }
                        return 0;
                    })
                    .followModule()
                    .register();
            try (kp) {
                assertThat(kp.state()).isEqualTo(ProbeState.GONE);
                for (int load = 1; load <= 3; load++) {
                    Brd.load();
                    assertThat(kp.state()).isEqualTo(ProbeState.ENABLED);
                    Brd.write(5);
                    assertThat(writes.sum()).isEqualTo(5L * load);
                    assertThat(KernelProbes.planted()).singleElement().satisfies(probe -> {
                        assertThat(probe.module()).isEqualTo(Brd.MODULE);
                        assertThat(probe.ours()).isTrue();
                    });
                    Brd.unload();
                    assertThat(kp.state()).isEqualTo(ProbeState.GONE);
                }
                kp.disable();
                Brd.load();
                Brd.write(5);
                assertThat(kp.state()).isEqualTo(ProbeState.DISABLED);
                assertThat(writes.sum()).isEqualTo(15);
                Brd.unload();
                kp.enable();
                Brd.load();
                Brd.write(5);
                assertThat(writes.sum()).isEqualTo(20);
                Brd.unload();
            }
            assertThat(kp.account().hits()).isEqualTo(kp.account().delivered()).isGreaterThanOrEqualTo(20);
            assertThat(kp.symbolName()).isEqualTo("brd:brd_submit_bio");
        }
    }

    static final class Entered {
        long by;
    }

    @Test
    void aReturnProbeThatFollowsItsModuleKeepsItsEntryHandlerBehindIt() {
        try (var returns = Counter.of()) {
            var rp = Kretprobe.at("brd:" + Brd.FUNCTION, Entered.class)
                    .maxactive(20)
                    .entryHandler((ri, regs) -> {
                        ri.data().by = Kernel.pid();
                        return Kernel.comm().equals("dd") ? 0 : 1;
                    })
                    .handler((ri, regs) -> {
                        if (ri.data().by == Kernel.pid()) {
                            returns.increment();
                        }
                        return 0;
                    })
                    .followModule()
                    .register();
            try (rp) {
                for (int load = 1; load <= 3; load++) {
                    Brd.load();
                    Brd.write(5);
                    assertThat(returns.sum()).isEqualTo(5L * load);
                    Brd.unload();
                    assertThat(rp.state()).isEqualTo(ProbeState.GONE);
                }
            }
            assertThat(rp.account().delivered()).isEqualTo(15);
            assertThat(rp.account().inFlight()).isZero();
            // Every call that the entry handler saw had its instance: the return probe is planted over it each time.
            assertThat(rp.account().missed()).isZero();
            assertThat(rp.account().filtered()).isGreaterThanOrEqualTo(3);
            assertThat(rp.account().hits())
                    .isEqualTo(rp.account().delivered() + rp.account().filtered());
        }
    }

    @Test
    void aFunctionThatTheModuleDoesNotHaveIsSaid() {
        var kp = Kprobe.at("brd:brd_no_such_function")
                .preHandler((p, regs) -> 0)
                .followModule()
                .register();
        try (kp) {
            Brd.load();
            assertThat(kp.state()).isEqualTo(ProbeState.GONE);
        } finally {
            Brd.unload();
        }
    }

    @Test
    void whatCannotFollowIsRefused() {
        assertThatThrownBy(() -> Kprobe.at("vfs_read")
                        .preHandler((p, regs) -> 0)
                        .followModule()
                        .register())
                .isInstanceOf(UsageException.class)
                .hasMessage("followModule(): \"vfs_read\" is no place in a module; "
                        + "write module:function or module:function+offset, for example loop:lo_ioctl");
        assertThatThrownBy(() -> Kprobe.at("brd:brd_submit_bio")
                        .postHandler((p, regs, flags) -> {})
                        .followModule()
                        .register())
                .isInstanceOf(UsageException.class)
                .hasMessage(
                        "followModule() has no post handler: the place behind the instruction is found in the code that is loaded; "
                                + "plant a second probe at the instruction that follows");
    }

    @Test
    void oneLinkForManyFunctionsKeepsTheModuleLoaded() {
        Brd.load();
        var kp = Kprobe.at("brd:brd_*").preHandler((p, regs) -> 0).register();
        boolean unloaded;
        try (kp) {
            unloaded = Brd.canBeUnloaded();
            // kprobe.multi holds the module; perf events, one for each place, are gone with it.
            assertThat(kp.state()).isEqualTo(unloaded ? ProbeState.GONE : ProbeState.ENABLED);
        }
        if (!unloaded) {
            Brd.unload();
        }
    }
}
