/**
 * Where the results of tools go. A tool says what its rows are ({@link org.kprobe4j.cli.output.Schema}) and gives them to an
 * {@link org.kprobe4j.cli.output.Output}; what people see and what machines read are made of the same rows.
 */
@org.jspecify.annotations.NullMarked
package org.kprobe4j.cli.output;
