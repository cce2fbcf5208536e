/** {@code kprobe list}: the kernel's functions and types. */
package org.kprobe4j.cli.list;
