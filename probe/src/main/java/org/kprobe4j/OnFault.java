package org.kprobe4j;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * What an accessor gives where its read faults: the fault is counted at its line and the handler goes on with this value. Without
 * it the handler stops there.
 *
 * <pre>{@code
 * interface TaskStruct extends KernelStruct { @OnFault(-1) int pid(); @OnFault MmStruct mm(); @OnFault String comm(); }
 * }</pre>
 *
 * <p>A String is empty then, never null: also where the pointer to it is the null pointer, or cannot be read itself. What is counted
 * is each read of the text.
 *
 * <p>Only reads fault: a method that gives a structure inside another reads nothing, and an index that is out of bounds stops the
 * handler all the same.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface OnFault {
    /**
     * The value.
     *
     * @return a number that fits the method's type; of a pointer the address, 0 being the null pointer; of a String nothing but 0
     */
    long value() default 0;
}
