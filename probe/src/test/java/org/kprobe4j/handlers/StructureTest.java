package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.kprobe4j.Kernel;
import org.kprobe4j.PreHandler;
import org.kprobe4j.compiler.Account;
import org.kprobe4j.compiler.Architecture;
import org.kprobe4j.handlers.Types.MmStruct;
import org.kprobe4j.handlers.Types.TaskStruct;

/** Kernel structures by name: each read finds its bytes, and one that faults stops the handler and is counted. */
class StructureTest {
    private static final long TASK = 0xffff_9000_0000_0000L;
    private static final long PARENT = 0xffff_9000_0001_0000L;
    private static final long MM = 0xffff_9000_0002_0000L;
    private static final long NOT_MAPPED = 0xdead_0000_0000_0000L;

    private final FakeKernel kernel = new FakeKernel();

    @BeforeEach
    void tasks() {
        kernel.task = TASK;
        kernel.kernel.put(TASK, Types.task(43, 42, MM, PARENT));
        kernel.kernel.put(PARENT, Types.task(1, 1, 0, NOT_MAPPED));
        kernel.kernel.put(MM, new byte[] {7, 0, 0, 0, 0, 0, 0, 0, -1, -1, -1, -1, -1, -1, -1, 127});
    }

    private Handlers.Hit hit(PreHandler handler, long... arguments) {
        return Handlers.hit(
                new Handlers().btf(Types::btf).pre(handler), kernel, Handlers.context(Architecture.X86_64, arguments));
    }

    @Test
    void fields_of_every_width_and_sign() {
        var hit = hit((p, regs) -> {
            var task = Kernel.current(TaskStruct.class);
            Kernel.printf("%d %d %x %d", task.pid(), task.tgid(), task.flags(), task.startTime());
            Kernel.printf("%d %d %d %d", task.prio(), task.policy(), task.nice(), task.exitState());
            Kernel.printf("%d %d %d", task.group(), task.wholePrio(), task.wholePolicy());
            return 0;
        });
        assertThat(hit.lines()).containsExactly("43 42 8000000040000001 123456789012", "-20 -56 -5 1", "42 -20 200");
    }

    @Test
    void pointers_nested_structures_and_methods_with_a_body() {
        var hit = hit((p, regs) -> {
            var task = Kernel.current(TaskStruct.class);
            Kernel.printf("%d %x", task.mm().mmUsers(), task.mm().totalVm());
            Kernel.printf("%d %d", task.se().load(), task.se().vruntime());
            Kernel.printf(
                    "%b %b %b",
                    task.isLeader(),
                    task.parent().isLeader(),
                    task.parent().mm().isNull());
            Kernel.printf("%x %b", task.mm().address(), task.mm().isNull());
            return 0;
        });
        assertThat(hit.lines())
                .containsExactly("7 7fffffffffffffff", "1024 -1", "false true true", "ffff900000020000 false");
    }

    @Test
    void a_structure_at_an_argument() {
        var hit = hit(
                (p, regs) -> {
                    var mm = Kernel.struct(regs.arg(1), MmStruct.class);
                    if (!mm.isNull()) {
                        Kernel.printf("%d", mm.mmUsers());
                    }
                    return 0;
                },
                0,
                MM);
        assertThat(hit.lines()).containsExactly("7");
    }

    @Test
    void a_read_that_faults_stops_the_handler_and_is_counted() {
        var hit = hit((p, regs) -> {
            Kernel.printf("before");
            Kernel.printf(
                    "%d", Kernel.current(TaskStruct.class).parent().parent().pid());
            Kernel.printf("after");
            return 0;
        });
        assertThat(hit.lines()).containsExactly("before");
        assertThat(hit.faults()).containsExactly("read of pid at an address that is not mapped");
        assertThat(hit.count(Account.HITS)).isOne();
    }

    @Test
    void a_walk_in_a_loop() {
        var hit = hit((p, regs) -> {
            var task = Kernel.current(TaskStruct.class);
            int depth = 0;
            while (depth < 10 && !task.mm().isNull()) {
                task = task.parent();
                depth++;
            }
            Kernel.printf("%d %d", depth, task.pid());
            return 0;
        });
        assertThat(hit.lines()).containsExactly("1 1");
    }

    @Test
    void one_of_two_structures() {
        var hit = hit(
                (p, regs) -> {
                    var task = Kernel.current(TaskStruct.class);
                    var chosen = regs.arg(0) > 3 ? task : task.parent();
                    var none = regs.arg(0) > 100 ? task : Kernel.struct(0, TaskStruct.class);
                    Kernel.printf("%d %b", chosen.pid(), none.isNull());
                    return 0;
                },
                2);
        assertThat(hit.lines()).containsExactly("1 true");
    }
}
