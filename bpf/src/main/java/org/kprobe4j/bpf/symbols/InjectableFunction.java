package org.kprobe4j.bpf.symbols;

import org.jspecify.annotations.Nullable;

/**
 * A function that a program may have return without having run.
 *
 * @param name of the function
 * @param module that it is in; null for the kernel itself
 * @param returns what its callers take for an error: {@code NULL}, {@code ERRNO} (a negated errno), {@code ERRNO_NULL} (as a pointer, or
 *     null), {@code TRUE}
 */
public record InjectableFunction(String name, @Nullable String module, String returns) {}
