package org.kprobe4j;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** The kernel's name of a structure, field, parameter, variable or enumeration constant where Java's name would not lead to it. */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD, ElementType.FIELD})
public @interface Name {
    /**
     * The name.
     *
     * @return as the kernel's source spells it
     */
    String value();
}
