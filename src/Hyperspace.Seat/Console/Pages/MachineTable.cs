using Hyperspace.Protocols.Control;

namespace Hyperspace.Seat.Console;

/// <summary>Where the columns of the list of VMs are, at a given width. A width of 0 means that there is no room for the column.</summary>
internal readonly record struct MachineColumns(int Name, int Id, int State, int Cpu, int CpuMeter, int Memory, int MemoryMeter, int Accelerator, int Uptime, int Gap)
{
    /// <summary>The selection's mark, the port and the colour stand before the name.</summary>
    public const int NameAt = 7;

    private const int BestName = 32;
    private const int LeastName = 12;

    public static MachineColumns For(int width)
    {
        // What must be given up on a narrow screen goes in this order: accelerator, uptime, memory, CPU; what a wide one gets, in the order of these lines.
        int room = width - NameAt - 1;
        var c = new MachineColumns(0, 0, 10, 6, 0, 14, 0, 5, 11, 2);
        c = c.Rest(room) < LeastName ? c with { Accelerator = 0 } : c;
        c = c.Rest(room) < LeastName ? c with { Uptime = 0 } : c;
        c = c.Rest(room) < LeastName ? c with { Memory = 0 } : c;
        c = c.Rest(room) < LeastName ? c with { Cpu = 0 } : c;
        c = c.Rest(room) < LeastName ? c with { State = Math.Clamp(room - LeastName - 2, 0, 10) } : c;
        c = c.Rest(room) >= 22 + 10 ? c with { CpuMeter = 10 } : c;
        c = c.Rest(room) >= 22 + 12 ? c with { MemoryMeter = 12 } : c;
        c = c.Rest(room) >= 26 + 20 ? c with { Id = 18 } : c;
        c = c with { Gap = 2 + Math.Clamp((c.Rest(room) - BestName) / 6, 0, 3) };
        return c with { Name = Math.Clamp(c.Rest(room), 0, BestName + 8) };
    }

    /// <summary>What is left for the name.</summary>
    private int Rest(int room) =>
        room - Of(Id) - Of(State) - Of(Cpu) - Meter(CpuMeter) - Of(Memory) - Meter(MemoryMeter) - Of(Accelerator) - Of(Uptime);

    private int Of(int width) => width == 0 ? 0 : width + Gap;

    private static int Meter(int width) => width == 0 ? 0 : width + 1;
}

/// <summary>Draws the list of VMs: heads and rows.</summary>
internal static class MachineTable
{
    public static void DrawHeads(Canvas canvas, in MachineColumns c)
    {
        Style style = Theme.Page.With(Theme.Dim);
        int x = MachineColumns.NameAt;
        canvas.Write(2, 0, "Port", style);
        Head(canvas, ref x, c.Name, x == MachineColumns.NameAt ? "Name" : "", style, c.Gap);
        Head(canvas, ref x, c.Id, "Known as", style, c.Gap);
        Head(canvas, ref x, c.State, "State", style, c.Gap);
        HeadRight(canvas, ref x, c.Cpu, "CPU", style, c.CpuMeter > 0 ? 1 : c.Gap);
        x += c.CpuMeter == 0 ? 0 : c.CpuMeter + c.Gap;
        HeadRight(canvas, ref x, c.Memory, "Memory", style, c.MemoryMeter > 0 ? 1 : c.Gap);
        x += c.MemoryMeter == 0 ? 0 : c.MemoryMeter + c.Gap;
        Head(canvas, ref x, c.Accelerator, "Accel", style, c.Gap);
        HeadRight(canvas, ref x, c.Uptime, "Up for", style, c.Gap);
    }

    public static void DrawRow(Canvas canvas, int row, in MachineColumns c, VmStatus vm, bool selected, bool moving, DateTimeOffset now)
    {
        Style style = selected ? new Style(Theme.Ink, Theme.Selection) : Theme.Page;
        Style quiet = style.With(vm.IsAlive ? Theme.Soft : Theme.Dim);
        canvas.Part(0, row, canvas.Columns, 1).Clear(style);
        canvas.Write(0, row, !selected ? " " : moving ? "↕" : "▸", style.With(moving ? Theme.Warning : Theme.Accent).Strong);
        Span<char> buffer = stackalloc char[40];
        DrawPort(canvas, row, vm.Port, style.With(moving && selected ? Theme.Warning : vm.Port is null ? Theme.Dim : Theme.Ink).Strong);
        canvas.Write(5, row, "█", style.With(Theme.ColorOf(vm.Color)));
        int x = MachineColumns.NameAt;
        canvas.Fit(x, row, c.Name, vm.Label, (selected ? style.Strong : style).With(vm.IsAlive || selected ? Theme.Ink : Theme.Soft));
        x += c.Name + c.Gap;
        canvas.Fit(x, row, c.Id, vm.Name, quiet);
        x += c.Id == 0 ? 0 : c.Id + c.Gap;
        DrawState(canvas, x, row, c.State, vm, style);
        x += c.State == 0 ? 0 : c.State + c.Gap;
        x = DrawCpu(canvas, x, row, c, vm, quiet);
        long? used = vm.IsAlive ? vm.ResidentBytes : null;
        if (c.Memory > 0 && vm.MemoryMiB > 0)
        {
            canvas.FitRight(x, row, c.Memory, ConsoleText.Memory(buffer, used, vm.MemoryMiB), quiet);
        }

        x += c.Memory == 0 ? 0 : c.Memory + (c.MemoryMeter > 0 ? 1 : c.Gap);
        if (c.MemoryMeter > 0 && used is { } bytes)
        {
            canvas.Meter(x, row, c.MemoryMeter, bytes / Math.Max(1.0, vm.MemoryMiB * 1048576.0), style);
        }

        x += c.MemoryMeter == 0 ? 0 : c.MemoryMeter + c.Gap;
        canvas.Fit(x, row, c.Accelerator, vm.Accelerator, quiet);
        x += c.Accelerator == 0 ? 0 : c.Accelerator + c.Gap;
        if (c.Uptime > 0 && vm.IsAlive && vm.StartedAt is { } since)
        {
            canvas.FitRight(x, row, c.Uptime, ConsoleText.Duration(buffer, now - since), quiet);
        }
    }

    private static int DrawCpu(Canvas canvas, int x, int row, in MachineColumns c, VmStatus vm, Style style)
    {
        Span<char> buffer = stackalloc char[16];
        if (c.Cpu > 0 && vm.IsAlive)
        {
            canvas.FitRight(x, row, c.Cpu, ConsoleText.Percent(buffer, vm.CpuPercent), style);
        }

        x += c.Cpu == 0 ? 0 : c.Cpu + (c.CpuMeter > 0 ? 1 : c.Gap);
        if (c.CpuMeter > 0 && vm.IsAlive)
        {
            canvas.Meter(x, row, c.CpuMeter, vm.CpuPercent / (100.0 * Math.Max(1, vm.Cpus)), style);
        }

        return x + (c.CpuMeter == 0 ? 0 : c.CpuMeter + c.Gap);
    }

    private static void DrawPort(Canvas canvas, int row, int? port, Style style)
    {
        Span<char> buffer = stackalloc char[12];
        if (port is { } number && buffer.TryWrite($"{number}", out int n))
        {
            canvas.FitRight(2, row, 2, buffer[..n], style);
        }
        else
        {
            canvas.Write(3, row, "-", style);
        }
    }

    private static void DrawState(Canvas canvas, int x, int row, int width, VmStatus vm, Style style)
    {
        if (width > 0)
        {
            VmState state = vm.State;
            Style ink = style.With(Theme.Of(state));
            canvas.Write(x, row, state is VmState.Off ? "·" : state is VmState.Invalid or VmState.Crashed ? "✗" : "●", ink);
            Span<char> buffer = stackalloc char[12];
            ReadOnlySpan<char> word = vm is { State: VmState.Running, Boot: { IsUp: false, Percent: { } percent } } && buffer.TryWrite($"boot {percent}%", out int n) ? buffer[..n] : WordOf(state);
            canvas.Fit(x + 2, row, width - 2, word, ink);
        }
    }

    public static string WordOf(VmState state) => state switch
    {
        VmState.Off => "off",
        VmState.Starting => "starting",
        VmState.Running => "running",
        VmState.Paused => "paused",
        VmState.Sleeping => "sleeping",
        VmState.Stopping => "stopping",
        VmState.Crashed => "crashed",
        _ => "invalid",
    };

    private static void Head(Canvas canvas, ref int x, int width, string text, Style style, int gap)
    {
        canvas.Fit(x, 0, width, text, style);
        x += width == 0 ? 0 : width + gap;
    }

    private static void HeadRight(Canvas canvas, ref int x, int width, string text, Style style, int gap)
    {
        canvas.FitRight(x, 0, width, text, style);
        x += width == 0 ? 0 : width + gap;
    }
}
