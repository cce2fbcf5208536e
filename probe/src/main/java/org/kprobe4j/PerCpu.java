package org.kprobe4j;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The variable exists once for each CPU (DEFINE_PER_CPU in the kernel's source): a method without parameters means that of the
 * CPU that runs the handler, one with an {@code int} parameter that of the CPU of this number.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface PerCpu {}
