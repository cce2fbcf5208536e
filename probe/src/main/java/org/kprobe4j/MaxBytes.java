package org.kprobe4j;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * How much of a string is kept: of a structure's {@code char *} that an accessor gives as String (256 bytes without it), or in a
 * String component of an event or of a map's key or value (16 bytes without it). What is longer is cut; a NUL at the end counts.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD, ElementType.RECORD_COMPONENT})
public @interface MaxBytes {
    /**
     * The number of bytes.
     *
     * @return 1 to 4096
     */
    int value();
}
