/** Manual pages and completions of shells, made from the model of the command line when a package is made. */
package org.kprobe4j.cli.manual;
