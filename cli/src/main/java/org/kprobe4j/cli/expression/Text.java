package org.kprobe4j.cli.expression;

import org.kprobe4j.Kernel;
import org.kprobe4j.KernelStruct;
import org.kprobe4j.Name;

/** A text that is read at a hit. */
public sealed interface Text {
    /** The text now; the kernel's, to be compared or sent. */
    String text(Moment moment);

    /** The name of the task that runs, at most 15 bytes. */
    record Comm() implements Text {
        @Override
        public String text(Moment moment) {
            return Kernel.comm();
        }
    }

    /** The name of the function that was hit. */
    record Function() implements Text {
        @Override
        public String text(Moment moment) {
            return moment.function();
        }
    }

    /** A text in the kernel's memory; empty where it cannot be read, which is counted. */
    record InKernel(Value address, int maxBytes) implements Text {
        @Override
        public String text(Moment moment) {
            return Kernel.stringOrEmpty(address.value(moment), maxBytes);
        }
    }

    /** A text in the process's memory; empty where it cannot be read, which is counted. */
    record InProcess(Value address, int maxBytes) implements Text {
        @Override
        public String text(Moment moment) {
            return Kernel.userStringOrEmpty(address.value(moment), maxBytes);
        }
    }

    /** The full name of a {@code struct file}. */
    record FilePath(Value file) implements Text {
        @Override
        public String text(Moment moment) {
            return Kernel.path(Kernel.struct(file.value(moment), FileType.class));
        }
    }

    /** The full name that a {@code struct path} stands for. */
    record PathName(Value path) implements Text {
        @Override
        public String text(Moment moment) {
            return Kernel.path(Kernel.struct(path.value(moment), PathType.class));
        }
    }

    /** The name of a {@code struct dentry} from its file system's root. */
    record DentryPath(Value dentry) implements Text {
        @Override
        public String text(Moment moment) {
            return Kernel.dentryPath(Kernel.struct(dentry.value(moment), DentryType.class));
        }
    }

    /** {@code struct file}. */
    @Name("file")
    interface FileType extends KernelStruct {}

    /** {@code struct path}. */
    @Name("path")
    interface PathType extends KernelStruct {}

    /** {@code struct dentry}. */
    @Name("dentry")
    interface DentryType extends KernelStruct {}
}
