package org.kprobe4j;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** How many frames a {@link KernelStack} or {@link UserStack} in an event has room for: 64 without it, eight bytes each. */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface MaxFrames {
    /**
     * The number of frames, the innermost; those beyond are not walked.
     *
     * @return 1 to 127
     */
    int value();
}
