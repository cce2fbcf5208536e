package org.kprobe4j.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.kprobe4j.bpf.AttachException;
import org.kprobe4j.bpf.BpfException;
import org.kprobe4j.bpf.Errno;
import org.kprobe4j.bpf.Failure;
import org.kprobe4j.bpf.UnsupportedException;
import org.kprobe4j.bpf.symbols.PlantedProbe;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.compiler.PostPairing;
import org.kprobe4j.compiler.RegisterValue;

/** Where post handlers go, and why some go nowhere, on a made-up kernel. */
class PostPlanTest {
    private static final long ADDR = 0xffff_ffff_8100_0040L;
    private static final PostPlan.Site SITE = new PostPlan.Site("vfs_read", 0x40, ADDR, false);
    private static final RegisterValue SP = RegisterValue.register("sp");

    /** Tests set its fields. */
    private static final class Ground implements PostPlan.Ground {
        private byte[] code = new byte[16];
        private List<PlantedProbe> probes = List.of();
        private @Nullable BpfException hidden;
        private final Set<Long> faulting = new java.util.HashSet<>();
        private @Nullable String unreadable;
        private final Map<Long, Integer> refused = new HashMap<>();
        private boolean rounds;

        Ground(String hex) {
            code = Arrays.copyOf(HexFormat.of().parseHex(hex.replace(" ", "")), 16);
        }

        @Override
        public List<PlantedProbe> probes() {
            if (hidden != null) {
                throw hidden;
            }
            return probes;
        }

        @Override
        public byte[] code(long addr) throws IOException {
            assertThat(addr).isEqualTo(ADDR);
            if (unreadable != null) {
                throw new IOException(unreadable);
            }
            return code;
        }

        @Override
        public boolean mayFault(Architecture machine, long addr) throws IOException {
            if (faulting.contains(0L)) {
                throw new IOException("no table");
            }
            return faulting.contains(addr);
        }

        @Override
        public @Nullable AttachException refuses(long offset) {
            Integer errno = refused.get(offset);
            return errno == null || errno == 0
                    ? null
                    : new AttachException(new Failure("plant", "it", errno, "not kernel text", null));
        }

        @Override
        public boolean stopsAtEachRound() {
            return rounds;
        }
    }

    private static PlantedProbe probe(long address, boolean optimized, boolean ftrace) {
        return new PlantedProbe(
                address, false, "vfs_read", address - ADDR + 0x40, null, false, false, optimized, ftrace);
    }

    private static void refused(PostPlan.Site site, Architecture machine, Ground ground, String message) {
        assertThatThrownBy(() -> site.plan(machine, ground))
                .isInstanceOf(PostPlan.UnfollowableException.class)
                .hasMessage(message);
    }

    private static void refused(Ground ground, String message) {
        refused(SITE, Architecture.X86_64, ground, message);
    }

    @Test
    void aTransferIsFollowedAtItsOwnAddress() {
        assertThat(SITE.plan(Architecture.X86_64, new Ground("c3")))
                .isEqualTo(new PostPlan(
                        "vfs_read",
                        0x40,
                        0x40,
                        new PostPairing.SameTrap(Map.of("ip", new RegisterValue.Load(SP), "sp", SP.plus(8)))));
        assertThat(SITE.plan(Architecture.ARM64, new Ground("c0 03 5f d6")))
                .isEqualTo(new PostPlan(
                        "vfs_read", 0x40, 0x40, new PostPairing.SameTrap(Map.of("pc", RegisterValue.register("x30")))));
    }

    @Test
    void whatGoesOnIsFollowedAtTheNextBoundary() {
        var ground = new Ground("55");
        ground.refused.putAll(Map.of(0x41L, Errno.EILSEQ, 0x42L, Errno.EILSEQ, 0x44L, Errno.EINVAL));
        assertThat(SITE.plan(Architecture.X86_64, ground))
                .isEqualTo(new PostPlan("vfs_read", 0x40, 0x43, new PostPairing.NextInstruction(SP.plus(-8))));
        var byAddress = new PostPlan.Site(null, ADDR, ADDR, false);
        assertThat(byAddress.plan(Architecture.ARM64, new Ground("fd 7b bc a9")))
                .isEqualTo(new PostPlan(null, ADDR, ADDR + 4, new PostPairing.NextInstruction(SP.plus(-64))));
        assertThat(SITE.plan(Architecture.ARM, new Ground("f0 47 2d e9")))
                .isEqualTo(new PostPlan("vfs_read", 0x40, 0x44, new PostPairing.NextInstruction(SP.plus(-32))));
    }

    @Test
    void whatFtraceOwnsIsANoOpWhateverStandsThere() {
        var ground = new Ground("e8 00 00 00 00");
        ground.unreadable = "no right";
        assertThat(new PostPlan.Site("vfs_read", 4, 0, true).plan(Architecture.X86_64, ground))
                .isEqualTo(new PostPlan(
                        "vfs_read",
                        4,
                        4,
                        new PostPairing.SameTrap(
                                Map.of("ip", RegisterValue.register("ip").plus(4)))));
    }

    @Test
    void anInstructionThatCannotBeFollowedIsNamed() {
        refused(
                new Ground("0f 0b"),
                "the instruction at vfs_read+0x40 is an undefined instruction (BUG); a post handler cannot tell exactly what follows it, a pre handler works there");
        refused(
                new PostPlan.Site(null, ADDR, ADDR, false),
                Architecture.X86_64,
                new Ground("5c"),
                "the instruction at 0xffffffff81000040 is an instruction that sets the stack pointer to what cannot be computed before; a post handler cannot tell exactly what follows it, a pre handler works there");
        refused(
                SITE,
                Architecture.ARM,
                new Ground("04 f0 91 e4"),
                "the instruction at vfs_read+0x40 is a jump to an address that is loaded; a post handler cannot tell exactly what follows it, a pre handler works there");
    }

    @Test
    void anInstructionThatCannotBeReadIsSaid() {
        var ground = new Ground("90");
        refused(
                new PostPlan.Site("vfs_read", 0x40, 0, false),
                Architecture.X86_64,
                ground,
                "the kernel does not show the address of vfs_read+0x40 to this process, so its instruction cannot be read; run as root, or with CAP_SYSLOG and CAP_SYS_RAWIO");
        ground.unreadable = "Operation not permitted";
        refused(
                ground,
                "the instruction at vfs_read+0x40 cannot be read from /proc/kcore (Operation not permitted), so what follows it is not known; run as root, or with CAP_SYS_RAWIO");
        ground.unreadable = null;
        ground.hidden =
                new UnsupportedException(new Failure("read", "kprobes/list", 0, "debugfs is not mounted", null));
        refused(
                ground,
                "whether another probe or ftrace hides the instruction at vfs_read+0x40 is not known: "
                        + ground.hidden.getMessage());
    }

    @Test
    void anotherProbeHidesTheInstruction() {
        var ground = new Ground("cc");
        ground.probes = List.of(probe(ADDR, false, false));
        refused(
                ground,
                "another probe, at vfs_read+0x40, hides the instruction at vfs_read+0x40; plant the one with the post handler first");
        ground.probes = List.of(probe(ADDR - 4, true, false));
        refused(
                ground,
                "another probe, at vfs_read+0x3c, hides the instruction at vfs_read+0x40; plant the one with the post handler first");
        var clear = new Ground("90");
        clear.probes =
                List.of(probe(ADDR - 4, false, false), probe(ADDR - 5, true, false), probe(ADDR + 1, true, false));
        assertThat(SITE.plan(Architecture.X86_64, clear).postOffset()).isEqualTo(0x41);
    }

    @Test
    void anInstructionThatMayFaultGoesOnElsewhere() {
        var ground = new Ground("48 8b 07");
        ground.faulting.add(ADDR);
        refused(
                ground,
                "the instruction at vfs_read+0x40 may fault (it is in the kernel's exception table) and go on elsewhere; a post handler cannot be exact there, a pre handler works");
        ground.faulting.add(0L);
        refused(ground, "whether the instruction at vfs_read+0x40 may fault is not known: no table");
    }

    @Test
    void aRepeatedStringInstructionIsOneHitOrRefused() {
        var ground = new Ground("f3 48 ab");
        assertThat(SITE.plan(Architecture.X86_64, ground).pairing()).isEqualTo(new PostPairing.NextInstruction(SP));
        ground.rounds = true;
        refused(
                ground,
                "the instruction at vfs_read+0x40 is a repeated string instruction, and a preemptible kernel before 5.12 runs the pre handler in each of its rounds");
        assertThat(SITE.plan(Architecture.X86_64, groundWithRounds("48 ab")).postOffset())
                .isEqualTo(0x41);
    }

    private static Ground groundWithRounds(String hex) {
        var ground = new Ground(hex);
        ground.rounds = true;
        return ground;
    }

    @Test
    void theNextInstructionMayTakeNoProbe() {
        var ground = new Ground("90");
        ground.refused.putAll(Map.of(0x41L, Errno.EILSEQ, 0x42L, Errno.EINVAL));
        refused(
                ground,
                "the next instruction, 2 bytes after vfs_read+0x40, takes no probe (not kernel text), so what the registers hold there cannot be seen");
        for (long offset = 0x41; offset < 0x50; offset++) {
            ground.refused.put(offset, Errno.EILSEQ);
        }
        refused(ground, "no instruction boundary within 15 bytes after vfs_read+0x40");
    }

    @Test
    void theExceptionTableIsSearchedByItsDistances() {
        var bytes = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(0, 0x100).putInt(12, -0x200);
        var table = new ExceptionTable(bytes.array(), 0x5000, 12, true);
        assertThat(table.has(0x5100)).isTrue();
        assertThat(table.has(0x500c - 0x200)).isTrue();
        assertThat(table.has(0x5000)).isFalse();
        assertThat(new ExceptionTable(bytes.array(), 0x5000, 8, true).has(0x500c - 0x200))
                .isFalse();
        var absolute = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
        absolute.putInt(0, 0xc010_0000).putInt(8, 0xc020_0000);
        var arms = new ExceptionTable(absolute.array(), 0xc0f0_0000L, 8, false);
        assertThat(arms.has(0xc020_0000L)).isTrue();
        assertThat(arms.has(0xc010_0008L)).isFalse();
    }
}
