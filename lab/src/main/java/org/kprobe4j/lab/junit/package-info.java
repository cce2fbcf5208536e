/**
 * Runs JUnit tests inside a guest. {@link org.kprobe4j.lab.junit.KernelTests} is the side outside: it boots the kernels,
 * starts {@link org.kprobe4j.lab.junit.GuestTestRun} in each with the JUnit Platform Launcher on the class path of the
 * tests, and adds up. The launcher is needed in the guest only, so it is no dependency of the lab.
 */
package org.kprobe4j.lab.junit;
