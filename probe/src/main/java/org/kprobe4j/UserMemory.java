package org.kprobe4j;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The accessor's pointer leads to memory of the current process ({@code __user} in the kernel's source), so what it points to is
 * read there, by helper bpf_probe_read_user, and what that points to as well. Memory that is not present faults, as a handler
 * cannot wait for it.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface UserMemory {}
