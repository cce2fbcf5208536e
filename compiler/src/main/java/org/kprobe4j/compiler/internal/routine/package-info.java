/** Java that is compiled into handlers: it never runs on the JVM. */
package org.kprobe4j.compiler.internal.routine;
