package org.kprobe4j.cli.tool;

import org.jspecify.annotations.Nullable;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelStack;
import org.kprobe4j.UserStack;

/**
 * Which stacks of a hit are told apart: the kernel's, the process's, or both. A handler captures it, and asks for those of its hit.
 *
 * @param <S> the stacks as the key of a map
 */
sealed interface Stacks<S> {
    /** The hit's; in a handler only. */
    S here();

    /** Their class. */
    Class<S> type();

    /** What they are, outside of handlers. */
    Parts parts(S stacks);

    /**
     * A stack or two.
     *
     * @param kernel the kernel's; null if it is not asked for
     * @param user the process's; null if it is not asked for
     */
    record Parts(@Nullable KernelStack kernel, @Nullable UserStack user) {}

    /** The stacks of {@link Both}. */
    record Pair(KernelStack kernel, UserStack user) {}

    /** The kernel's stack and the process's. */
    record Both() implements Stacks<Pair> {
        @Override
        public Pair here() {
            return new Pair(Kernel.stack(), Kernel.userStack());
        }

        @Override
        public Class<Pair> type() {
            return Pair.class;
        }

        @Override
        public Parts parts(Pair stacks) {
            return new Parts(stacks.kernel(), stacks.user());
        }
    }

    /** The kernel's stack alone. */
    record OfKernel() implements Stacks<KernelStack> {
        @Override
        public KernelStack here() {
            return Kernel.stack();
        }

        @Override
        public Class<KernelStack> type() {
            return KernelStack.class;
        }

        @Override
        public Parts parts(KernelStack stacks) {
            return new Parts(stacks, null);
        }
    }

    /** The process's stack alone. */
    record OfUser() implements Stacks<UserStack> {
        @Override
        public UserStack here() {
            return Kernel.userStack();
        }

        @Override
        public Class<UserStack> type() {
            return UserStack.class;
        }

        @Override
        public Parts parts(UserStack stacks) {
            return new Parts(null, stacks);
        }
    }
}
