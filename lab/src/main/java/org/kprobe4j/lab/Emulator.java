package org.kprobe4j.lab;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * QEMU and its two file servers as one process group of their own, out of reach of the terminal's Ctrl-C, under a shell
 * that kills them when this JVM is gone, however it went.
 */
final class Emulator {
    /** The tags under which the guest mounts what is shared: this machine's root, the exchange folder, the guest's own programs. */
    private static final String ROOT = "root";

    private static final String EXCHANGE = "exchange";
    private static final String OWN_ROOT = "own-root";

    private final Process process;

    private Emulator(Process process) {
        this.process = process;
    }

    static Emulator start(Path folder, Path exchange, Provisions provisions, BootOptions options) throws IOException {
        writeInitramfs(folder, provisions);
        Path script = folder.resolve("emulator.sh");
        Files.writeString(script, script(exchange, provisions, options));
        String busybox = provisions.tools().busybox().toString();
        Process process = new ProcessBuilder(busybox, "setsid", busybox, "sh", script.toString())
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("emulator.log").toFile())
                .start();
        return new Emulator(process);
    }

    private static void writeInitramfs(Path folder, Provisions provisions) throws IOException {
        KernelImage kernel = provisions.kernel();
        String settings = "LAB_HOSTNAME=%s\nLAB_MODULES=%s\nLAB_FOLDER=%s\nLAB_OWN_ROOT=%s\n"
                .formatted(
                        ShellWords.quote("linux-" + provisions.row().id()),
                        ShellWords.quote(kernel.modules().toString()),
                        ShellWords.quote(folder.toString()),
                        provisions.ownRoot().isPresent() ? "yes" : "");
        try (CpioWriter cpio =
                new CpioWriter(new BufferedOutputStream(Files.newOutputStream(folder.resolve("initramfs")), 1 << 16))) {
            for (String directory : List.of("bin", "dev", "proc", "modules")) {
                cpio.directory(directory);
            }
            // Before devtmpfs is there, the first process's own messages go here.
            cpio.characterDevice("dev/console", 0600, 5, 1);
            cpio.file("bin/busybox", 0755, Files.readAllBytes(provisions.guestBusybox()));
            cpio.file("init", 0755, resource("init.sh"));
            cpio.file("supervisor.sh", 0755, resource("supervisor.sh"));
            cpio.file("settings", 0644, settings.getBytes(StandardCharsets.UTF_8));
            for (Path module : kernel.bootModules()) {
                cpio.file("modules/" + module.getFileName(), 0644, Files.readAllBytes(module));
            }
        }
    }

    private static byte[] resource(String name) throws IOException {
        try (InputStream in = Emulator.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new LabException("lab: its own file " + name + " is missing; build the lab again");
            }
            return in.readAllBytes();
        }
    }

    private static String script(Path exchange, Provisions provisions, BootOptions options) throws IOException {
        Tools tools = provisions.tools();
        List<List<String>> servers = new ArrayList<>();
        servers.add(fileServer(tools, Path.of("/"), ROOT, "always", "--readonly"));
        servers.add(fileServer(tools, exchange, EXCHANGE, "auto"));
        if (provisions.ownRoot().isPresent()) {
            servers.add(fileServer(tools, provisions.ownRoot().get().root(), OWN_ROOT, "always", "--readonly"));
        }
        // The file servers keep a descriptor for every file the guest knows: raise the soft limit as far as allowed.
        StringBuilder script = new StringBuilder("exec 4<&0\nulimit -n \"$(ulimit -Hn)\"\n");
        for (List<String> server : servers) {
            script.append(ShellWords.quoteAll(server)).append(" < /dev/null 4<&- &\nservers=\"$servers $!\"\n");
        }
        return script.append("""
                while ! [ "$(echo *.sock | wc -w)" = %d ] || ! [ -S root.sock ]; do
                    kill -0 $servers || { kill $servers; exit 1; }
                    %s usleep 5000
                done
                %s < /dev/null 4<&- & qemu=$!
                { cat <&4 > /dev/null; kill -9 $qemu $servers; } 2> /dev/null & watch=$!
                wait $qemu 2> /dev/null
                status=$?
                kill $servers $watch 2> /dev/null
                exit $status
                """.formatted(
                                servers.size(),
                                ShellWords.quote(tools.busybox().toString()),
                                ShellWords.quoteAll(qemu(provisions, options))))
                .toString();
    }

    private static List<String> fileServer(Tools tools, Path folder, String tag, String cache, String... more)
            throws IOException {
        List<String> command = new ArrayList<>(tools.command("usr/libexec/virtiofsd"));
        command.addAll(List.of("--shared-dir", folder.toString(), "--socket-path", tag + ".sock"));
        // Mount points inside are served like folders: a guest asked to mount them again would refuse paths below them.
        command.addAll(List.of("--sandbox", "none", "--no-announce-submounts", "--cache", cache));
        command.addAll(List.of("--rlimit-nofile", "0", "--log-level", "error"));
        command.addAll(List.of(more));
        return command;
    }

    private static List<String> shares(Provisions provisions) {
        return provisions.ownRoot().isPresent() ? List.of(ROOT, EXCHANGE, OWN_ROOT) : List.of(ROOT, EXCHANGE);
    }

    private static List<String> qemu(Provisions provisions, BootOptions options) throws IOException {
        Tools tools = provisions.tools();
        Arch arch = provisions.row().arch();
        List<String> command = new ArrayList<>(tools.command("usr/bin/" + arch.qemuBinary()));
        for (String firmware : List.of("usr/share/qemu", "usr/share/seabios")) {
            command.addAll(List.of("-L", tools.root().resolve(firmware).toString()));
        }
        String memory = options.memoryMib() + "M";
        command.addAll(List.of("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"));
        command.addAll(List.of("-machine", arch.machine() + ",memory-backend=ram", "-cpu", arch.cpu()));
        command.addAll(List.of("-m", memory, "-smp", Integer.toString(options.cpus())));
        // The file servers read the guest's memory, so it has to be shared.
        command.addAll(List.of("-object", "memory-backend-memfd,id=ram,share=on,size=" + memory));
        command.addAll(
                options.countInstructions()
                        ? List.of("-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off")
                        : List.of("-accel", "tcg,thread=multi"));
        command.addAll(List.of("-kernel", provisions.kernel().image().toString(), "-initrd", "initramfs"));
        command.addAll(List.of("-append", kernelCommandLine(arch, options)));
        command.addAll(List.of("-serial", "file:console.log"));
        for (String share : shares(provisions)) {
            command.addAll(List.of("-chardev", "socket,id=fs-%1$s,path=%1$s.sock".formatted(share)));
            command.addAll(List.of("-device", "vhost-user-fs-pci,chardev=fs-%1$s,tag=%1$s".formatted(share)));
        }
        command.addAll(List.of("-device", "virtio-serial-pci"));
        for (String port : GuestPorts.FROM_QEMU) {
            command.addAll(List.of("-chardev", "socket,id=%1$s,path=%1$s".formatted(port)));
            command.addAll(List.of("-device", "virtserialport,chardev=%1$s,name=%1$s".formatted(port)));
        }
        String input = GuestPorts.INPUT;
        command.addAll(List.of("-chardev", "socket,id=%1$s,path=%1$s,server=on,wait=off".formatted(input)));
        command.addAll(List.of("-device", "virtserialport,chardev=%1$s,name=%1$s".formatted(input)));
        return command;
    }

    private static String kernelCommandLine(Arch arch, BootOptions options) {
        List<String> words = new ArrayList<>(List.of("console=" + arch.console(), "quiet"));
        // An oops ends the guest at once, and with it the run: a kernel that lost its mind proves nothing.
        words.addAll(List.of("oops=panic", "panic=-1"));
        // Without this a system call costs twenty times more under emulation.
        words.add("mitigations=off");
        // Emulated processors can stand still for long without being stuck.
        words.addAll(List.of("nowatchdog", "rcupdate.rcu_cpu_stall_suppress=1", "random.trust_cpu=on"));
        words.addAll(options.append());
        return String.join(" ", words);
    }

    boolean alive() {
        return process.isAlive();
    }

    boolean waitFor(long millis) throws InterruptedException {
        return process.waitFor(millis, TimeUnit.MILLISECONDS);
    }

    /** Kills everything at once: the shell sees the end of its input and does it. */
    void kill() {
        try {
            process.getOutputStream().close();
            if (!process.waitFor(2, TimeUnit.SECONDS)) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
            }
        } catch (IOException | InterruptedException e) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }
}
