/**
 * A throwaway virtual machine that runs a command under another kernel, as if it ran here.
 *
 * <p>The guest's root is the machine's own root directory, read-only underneath and with every write thrown away, so a
 * command, its files, its current directory and its JVM are there under the same paths. Standard input, output and
 * error are live and separate; the exit status and signals pass through.
 *
 * <pre>{@code
 * int status = Lab.run(KernelRow.of("6.12"), GuestCommand.of("uname", "-r"));
 *
 * try (Guest guest = Lab.boot(KernelRow.of("6.12"), BootOptions.defaults())) {
 *     GuestExit exit = guest.run(GuestCommand.of("ls", "-l").cwd(Path.of("/etc")), GuestStreams.inherit());
 * }
 * }</pre>
 *
 * <p>The first use downloads a kernel and an emulator into a cache outside the repository ({@link LabCache}); nothing
 * is installed on the machine, and its configuration is only read. A failure is one {@link LabException}.
 */
package org.kprobe4j.lab;
