package org.kprobe4j.bpf.usersymbols;

import java.util.List;

/**
 * A process, with what it had mapped when it was last looked at. Its addresses can be named after it has gone, as far as they were
 * mapped then. Thread-safe.
 */
public final class UserProcess {
    private final UserSymbols owner;
    private final int pid;
    ProcessImage image;
    boolean rereadInVain;
    long rereadAt;
    long checkedAt;

    UserProcess(UserSymbols owner, int pid, ProcessImage image) {
        this.owner = owner;
        this.pid = pid;
        this.image = image;
    }

    /**
     * Its number.
     *
     * @return the kernel's tgid, as /proc shows it
     */
    public int pid() {
        return pid;
    }

    /**
     * Names addresses of it.
     *
     * @param addresses any, in any order
     * @return one each, in the same order
     */
    public List<UserSymbol> symbolize(long... addresses) {
        return owner.symbolize(this, addresses);
    }
}
