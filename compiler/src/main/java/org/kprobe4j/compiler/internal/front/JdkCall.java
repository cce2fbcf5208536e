package org.kprobe4j.compiler.internal.front;

import org.kprobe4j.compiler.internal.ir.Position;

/**
 * A call of a method of the JDK that is compiled from its own bytecode. All that is said of its insides is said of the call.
 *
 * @param position the place of the call
 */
record JdkCall(Position position, String owner, String name) {}
