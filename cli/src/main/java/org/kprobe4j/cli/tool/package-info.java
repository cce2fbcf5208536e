/**
 * The ready tools. A tool is a command ({@code CountCommand}) with the options that all share ({@link
 * org.kprobe4j.cli.tool.FilterOptions}, {@link org.kprobe4j.cli.tool.OutputOptions}, {@link org.kprobe4j.cli.tool.RunOptions}) and a
 * {@link org.kprobe4j.cli.tool.Tool} that {@link org.kprobe4j.cli.tool.ToolRun} runs.
 */
@org.jspecify.annotations.NullMarked
package org.kprobe4j.cli.tool;
