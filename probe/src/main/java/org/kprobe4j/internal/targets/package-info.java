/** Which functions of a kernel a target names: {@code TargetSpec} says what is meant, {@code TargetResolver} where it is. */
package org.kprobe4j.internal.targets;
