package org.kprobe4j.handlers;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelStruct;
import org.kprobe4j.btf.Btf;
import org.kprobe4j.btf.BtfType;
import org.kprobe4j.btf.BtfWriter;

/** A kernel without BTF of which one field is known. */
class MeasuredFieldTest {
    private static final String NO_BTF =
            "0: this kernel has no BTF (/sys/kernel/btf/vmlinux), so fields cannot be found by name; registers, arg(n) and helpers still work";

    interface TaskStruct extends KernelStruct {
        MmStruct mm();

        int pid();
    }

    interface MmStruct extends KernelStruct {
        long totalVm();
    }

    private static Handlers handlers() {
        var writer = new BtfWriter();
        int pointer = writer.pointer(writer.struct("mm_struct", 0, List.of()));
        writer.struct("task_struct", 0x408, List.of(new BtfType.Member("mm", pointer, 0x400 * Byte.SIZE, 0)));
        return new Handlers().measured(Btf.parse(ByteBuffer.wrap(writer.toBytes(ByteOrder.nativeOrder()))));
    }

    @Test
    void isReadLikeAnyOther() {
        var compiled = handlers()
                .pre((p, regs) -> Kernel.current(TaskStruct.class).mm().isNull() ? 1 : 0);
        assertThat(compiled.code().toString()).contains("1024");
    }

    @Test
    void whatIsNotMeasuredIsRefusedAsWithoutAnything() {
        Refusals.refused(
                handlers(), (p, regs) -> Kernel.current(TaskStruct.class).pid(), NO_BTF);
        Refusals.refused(
                handlers(),
                (p, regs) -> (int) Kernel.current(TaskStruct.class).mm().totalVm(),
                NO_BTF);
    }
}
