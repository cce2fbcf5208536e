/** {@code kprobe doctor}: what a machine can do for probes, and what is missing. */
package org.kprobe4j.cli.doctor;
