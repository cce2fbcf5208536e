package org.kprobe4j.handlers;
import org.kprobe4j.*;
import org.kprobe4j.compiler.*;
import java.util.*;
import java.util.function.*;
public class Scratch0 {
    record Ev(int a, long b, byte c, String comm) {}
    static final class D { long stamp; int n; byte b; }
    static final class BadD { double d; }
    static class SubD extends ArrayList<String> { long d; }
    static int counter; static final double PI = 3; final int inst = 5; int nonFinal = 3;
    static final int[] TABLE = {1,2,3};
    enum Color { RED, GREEN }
    static final Color C = Color.GREEN;
    interface TaskStruct extends KernelStruct { int pid(); long nopid(); TaskStruct parent(); int tgidd(); byte start(); int flagsBits(); double d(); int arr(); MmStruct notMm(); int p(int x);}
    interface MmStruct extends KernelStruct { int users(); }
    interface NoStruct extends KernelStruct { int x(); }
    static int rec(int a) { return a == 0 ? 0 : rec(a - 1) + 1; }
    static int tryIt(int a) { try { return a / 2; } catch (ArithmeticException e) { return 0; } }
    static float fl(float a) { return a * 2; }
    static void spin() { while (true) { } }
    static void show(String n, Supplier<CompiledProgram> p) { try { p.get(); System.out.println("---- " + n + ": COMPILES"); } catch (CompileException e) { System.out.println("---- " + n + "\n" + e.getMessage() + (e.getCause() == null ? "" : " CAUSE " + e.getCause())); if (e.getCause() != null) e.getCause().printStackTrace(System.out); } catch (Throwable e) { System.out.println("---- " + n + ": THROWS " + e); e.printStackTrace(System.out); } }
    static PreHandler pre(PreHandler h) { return h; }
    public static void main(String[] x) {
        var h = new Handlers();
        RingBuffer<Ev> ring = h.ring("events1", Ev.class);
        List<String> list = List.of("a"); Map<String,Integer> map = new HashMap<>(); Supplier<Integer> sup = () -> 5; String text = "abc"; Integer box = 7; Color col = Color.RED; Ev host = new Ev(3, 4, (byte) 5, "x"); int[] ints = {1, 2};
        show("double", () -> h.pre((p, regs) -> { double d = regs.arg(0) * 1.5; return (int) d; }));
        show("float local", () -> h.pre((p, regs) -> { float f = 1.0f; return (int) f; }));
        show("float fn", () -> h.pre((p, regs) -> (int) fl(3)));
        show("static double", () -> h.pre((p, regs) -> (int) PI));
        show("captured double", () -> { double q = x.length * 2.5; h.pre((p, regs) -> (int) q); return null; });
        show("new object", () -> h.pre((p, regs) -> { new ArrayList<String>(); return 0; }));
        show("new Object()", () -> h.pre((p, regs) -> { Object o = new Object(); return 0; }));
        show("new array", () -> h.pre((p, regs) -> { byte[] b = new byte[16]; return 0; }));
        show("new string array", () -> h.pre((p, regs) -> { String[] b = new String[16]; return 0; }));
        show("new 2d", () -> h.pre((p, regs) -> { int[][] b = new int[2][3]; return 0; }));
        show("array var index", () -> h.pre((p, regs) -> TABLE[(int) regs.arg(0)]));
        show("array const", () -> h.pre((p, regs) -> TABLE[1]));
        show("captured array", () -> h.pre((p, regs) -> ints[1]));
        show("array length", () -> h.pre((p, regs) -> ints.length));
        show("try", () -> h.pre((p, regs) -> { try { return (int) (5 / regs.arg(0)); } catch (ArithmeticException e) { return 1; } }));
        show("try finally", () -> h.pre((p, regs) -> { try { Kernel.printf("a"); } finally { Kernel.printf("b"); } return 0; }));
        show("try in helper", () -> h.pre((p, regs) -> tryIt(4)));
        show("throw", () -> h.pre((p, regs) -> { throw new IllegalStateException("x"); }));
        show("throw captured", () -> { var ex = new IllegalStateException("x"); return h.pre((p, regs) -> { if (regs.arg(0) > 3) throw ex; return 0; }); });
        show("sync", () -> h.pre((p, regs) -> { synchronized (list) { return 0; } }));
        show("static write", () -> h.pre((p, regs) -> { counter++; return 0; }));
        show("static write2", () -> h.pre((p, regs) -> { counter = 5; return 0; }));
        show("static read", () -> h.pre((p, regs) -> counter));
        show("recursion", () -> h.pre((p, regs) -> rec(5)));
        show("lambda", () -> h.pre((p, regs) -> { IntSupplier s = () -> 5; return s.getAsInt(); }));
        show("method ref", () -> h.pre((p, regs) -> { IntUnaryOperator s = Math::abs; return s.applyAsInt(5); }));
        show("jdk call", () -> h.pre((p, regs) -> { System.nanoTime(); return 0; }));
        show("println", () -> h.pre((p, regs) -> { System.out.println("x"); return 0; }));
        show("list.size", () -> h.pre((p, regs) -> list.size()));
        show("sup", () -> h.pre((p, regs) -> sup.get()));
        show("Math.sqrt", () -> h.pre((p, regs) -> (int) Math.sqrt(2)));
        show("Math.addExact", () -> h.pre((p, regs) -> Math.addExact((int) regs.arg(0), 2)));
        show("Math.random", () -> h.pre((p, regs) -> (int) Math.random()));
        show("Integer.parseInt", () -> h.pre((p, regs) -> Integer.parseInt("5")));
        show("concat", () -> h.pre((p, regs) -> { String s = "pid " + Kernel.pid(); Kernel.printf(s); return 0; }));
        show("concat const", () -> h.pre((p, regs) -> { Kernel.printf("x" + text + 5); return 0; }));
        show("concat comm", () -> h.pre((p, regs) -> { Kernel.printf("x" + Kernel.comm()); return 0; }));
        show("String.valueOf", () -> h.pre((p, regs) -> { Kernel.printf("%s", String.valueOf(regs.arg(0))); return 0; }));
        show("format count", () -> h.pre((p, regs) -> { Kernel.printf("%d %d", regs.arg(0)); return 0; }));
        show("format many", () -> h.pre((p, regs) -> { Kernel.printf("hello", regs.arg(0)); return 0; }));
        show("format unknown", () -> h.pre((p, regs) -> { Kernel.printf("%q", regs.arg(0)); return 0; }));
        show("format f", () -> h.pre((p, regs) -> { Kernel.printf("%f", regs.arg(0)); return 0; }));
        show("format d for text", () -> h.pre((p, regs) -> { Kernel.printf("%d", Kernel.comm()); return 0; }));
        show("format d for null", () -> h.pre((p, regs) -> { Kernel.printf("%d", (Object) null); return 0; }));
        show("format var", () -> h.pre((p, regs) -> { Kernel.printf(Kernel.comm()); return 0; }));
        show("format args array", () -> { Object[] arr = {1}; return h.pre((p, regs) -> { Kernel.printf("%d", arr); return 0; }); });
        show("print regs", () -> h.pre((p, regs) -> { Kernel.printf("%s", regs); return 0; }));
        show("print list", () -> h.pre((p, regs) -> { Kernel.printf("%s", list); return 0; }));
        show("print bool", () -> h.pre((p, regs) -> { Kernel.printf("%b %c %d", regs.arg(0) > 3, 'x', box); return 0; }));
        show("arg9", () -> h.pre((p, regs) -> (int) regs.arg(9)));
        show("arg-1", () -> h.pre((p, regs) -> (int) regs.arg(-1)));
        show("arg var", () -> h.pre((p, regs) -> (int) regs.arg(Kernel.cpu())));
        show("arm cast", () -> h.pre((p, regs) -> (int) ((PtRegs.Arm64) regs).x0()));
        show("arm pattern", () -> h.pre((p, regs) -> { if (regs instanceof PtRegs.Arm64 r) return (int) r.x0(); return 1; }));
        show("x86 pattern", () -> h.pre((p, regs) -> { if (regs instanceof PtRegs.X86 r) return (int) r.ax(); return 1; }));
        show("record pattern regs", () -> h.pre((p, regs) -> { return regs.toString().length(); }));
        show("arm64 x(40)", () -> new Handlers().on(Architecture.ARM64).pre((p, regs) -> { if (regs instanceof PtRegs.Arm64 r) return (int) r.x(40); return 1; }));
        show("no btf", () -> h.pre((p, regs) -> Kernel.current(TaskStruct.class).pid()));
        show("KernelStruct itself", () -> h.pre((p, regs) -> Kernel.current(KernelStruct.class).isNull() ? 0 : 1));
        show("emit null ring", () -> { RingBuffer<Ev> r = null; return h.pre((p, regs) -> { r.emit(new Ev(1, 2, (byte) 3, "x")); return 0; }); });
        show("emit host record", () -> h.pre((p, regs) -> { ring.emit(host); return 0; }));
        show("emit long string", () -> h.pre((p, regs) -> { ring.emit(new Ev(1, 2, (byte) 3, "a string that is longer than sixteen")); return 0; }));
        show("emit foreign ring", () -> { var other = new Handlers().ring("z", Ev.class); return h.pre((p, regs) -> { other.emit(new Ev(1, 2, (byte) 3, "x")); return 0; }); });
        show("ring.close", () -> h.pre((p, regs) -> { ring.close(); return 0; }));
        show("enum switch", () -> h.pre((p, regs) -> switch (col) { case RED -> 1; case GREEN -> 2; }));
        show("enum eq", () -> h.pre((p, regs) -> C == Color.GREEN ? 1 : 0));
        show("enum ordinal", () -> h.pre((p, regs) -> C.ordinal()));
        show("enum name", () -> h.pre((p, regs) -> { Kernel.printf("%s", C); return 0; }));
        show("string switch", () -> h.pre((p, regs) -> switch (text) { case "abc" -> 1; case "d" -> 2; default -> 3; }));
        show("string eq", () -> h.pre((p, regs) -> text.equals("abc") ? 1 : 0));
        show("string ==", () -> h.pre((p, regs) -> text == "abc" ? 1 : 0));
        show("comm equals", () -> h.pre((p, regs) -> Kernel.comm().equals("bash") ? 1 : 0));
        show("startsWith", () -> h.pre((p, regs) -> text.startsWith("ab") ? 1 : 0));
        show("charAt", () -> h.pre((p, regs) -> text.charAt(0)));
        show("host record", () -> h.pre((p, regs) -> host.a() + (int) host.b()));
        show("host record print", () -> h.pre((p, regs) -> { Kernel.printf("%d %s", host.a(), host.comm()); return 0; }));
        show("records ==", () -> h.pre((p, regs) -> { var a = new Ev(1, 2, (byte) 3, ""); var b = new Ev(1, 2, (byte) 3, ""); return a == b ? 1 : 0; }));
        show("records equals", () -> h.pre((p, regs) -> { var a = new Ev(1, 2, (byte) 3, ""); var b = new Ev(1, 2, (byte) 3, ""); return a.equals(b) ? 1 : 0; }));
        show("box ==", () -> h.pre((p, regs) -> { Integer a = (int) regs.arg(0); Integer b = 5; return a == b ? 1 : 0; }));
        show("box equals", () -> h.pre((p, regs) -> { Integer a = (int) regs.arg(0); return a.equals(box) ? 1 : 0; }));
        show("assert", () -> h.pre((p, regs) -> { assert regs.arg(0) > 3; return 0; }));
        show("while true", () -> h.pre((p, regs) -> { while (true) { Kernel.printf("x"); } }));
        show("spin", () -> h.pre((p, regs) -> { spin(); return 0; }));
        show("while go", () -> h.pre((p, regs) -> { boolean go = true; while (go) { go = true; } return 0; }));
        show("data without class", () -> new Handlers().<D>entry((ri, regs) -> { ri.data().stamp = 5; return 0; }));
        show("bad data", () -> new Handlers().data(BadD.class).<BadD>entry((ri, regs) -> { ri.data().d = 5; return 0; }));
        show("sub data", () -> new Handlers().data(SubD.class).<SubD>entry((ri, regs) -> { ri.data().d = 5; return 0; }));
        show("anonymous", () -> h.pre(new PreHandler() { public int handle(Kprobe p, PtRegs regs) { return 0; } }));
        show("many", () -> h.pre((p, regs) -> { double d = 1.5 * regs.arg(0); counter = 3; if (regs.arg(1) > 3) { new Object(); } Object q = new byte[3]; Kernel.printf("%d", q); for (int i = 0; i < 3; i++) { System.gc(); } return (int) d; }));
        show("loop var object", () -> h.pre((p, regs) -> { Object[] b = {1}; for (int i = 0; i < 3; i++) { b[0] = i; } return (Integer) b[0]; }));
        show("mixed paths", () -> h.pre((p, regs) -> { Object o = regs.arg(0) > 3 ? "x" : Integer.valueOf(3); Kernel.printf("%s", o); return 0; }));
        show("string paths", () -> h.pre((p, regs) -> { String o = regs.arg(0) > 3 ? "x" : "y"; Kernel.printf("%s", o); return 0; }));
        show("string in loop", () -> h.pre((p, regs) -> { String o = "x"; for (int i = 0; i < 3; i++) { Kernel.printf("%s", o); o = "y"; } return 0; }));
        show("p.close", () -> h.pre((p, regs) -> { p.close(); return 0; }));
        show("instanceof string", () -> h.pre((p, regs) -> { Object o = text; return o instanceof String s ? s.length() : 0; }));
        show("cast comm", () -> h.pre((p, regs) -> { Object o = Kernel.comm(); return o instanceof String s ? 1 : 0; }));
        show("class literal", () -> h.pre((p, regs) -> TaskStruct.class.getName().length()));
    }
}
