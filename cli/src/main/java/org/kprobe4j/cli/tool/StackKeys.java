package org.kprobe4j.cli.tool;

import org.jspecify.annotations.Nullable;
import org.kprobe4j.Kernel;
import org.kprobe4j.KernelStack;
import org.kprobe4j.UserStack;

/**
 * By what hits are told apart in the kernel: a stack or two, and what of the task is asked for. A handler captures it, and asks for the
 * key of its hit.
 *
 * @param <K> the keys
 */
sealed interface StackKeys<K> {
    /** The hit's key; in a handler only. */
    K key();

    /** The class of the keys. */
    Class<K> type();

    /** A key's parts, outside of handlers. */
    Parts parts(K key);

    /**
     * What a key is made of.
     *
     * @param kernel the kernel's stack; null if it is not asked for
     * @param user the process's; null if it is not asked for
     * @param comm the task's name; empty if it is not asked for
     * @param pid the process's number; 0 if it is not asked for
     */
    record Parts(@Nullable KernelStack kernel, @Nullable UserStack user, String comm, int pid) {}

    /** A key of {@link Both}. */
    record BothKey(KernelStack kernel, UserStack user, String comm, int pid) {}

    /** A key of {@link OfKernel}. */
    record KernelKey(KernelStack kernel, String comm, int pid) {}

    /** A key of {@link OfUser}. */
    record UserKey(UserStack user, String comm, int pid) {}

    /** The kernel's stack and the process's. */
    record Both(boolean byComm, boolean byPid) implements StackKeys<BothKey> {
        @Override
        public BothKey key() {
            return new BothKey(
                    Kernel.stack(), Kernel.userStack(), byComm ? Kernel.comm() : "", byPid ? Kernel.pid() : 0);
        }

        @Override
        public Class<BothKey> type() {
            return BothKey.class;
        }

        @Override
        public Parts parts(BothKey key) {
            return new Parts(key.kernel(), key.user(), key.comm(), key.pid());
        }
    }

    /** The kernel's stack alone. */
    record OfKernel(boolean byComm, boolean byPid) implements StackKeys<KernelKey> {
        @Override
        public KernelKey key() {
            return new KernelKey(Kernel.stack(), byComm ? Kernel.comm() : "", byPid ? Kernel.pid() : 0);
        }

        @Override
        public Class<KernelKey> type() {
            return KernelKey.class;
        }

        @Override
        public Parts parts(KernelKey key) {
            return new Parts(key.kernel(), null, key.comm(), key.pid());
        }
    }

    /** The process's stack alone. */
    record OfUser(boolean byComm, boolean byPid) implements StackKeys<UserKey> {
        @Override
        public UserKey key() {
            return new UserKey(Kernel.userStack(), byComm ? Kernel.comm() : "", byPid ? Kernel.pid() : 0);
        }

        @Override
        public Class<UserKey> type() {
            return UserKey.class;
        }

        @Override
        public Parts parts(UserKey key) {
            return new Parts(null, key.user(), key.comm(), key.pid());
        }
    }
}
