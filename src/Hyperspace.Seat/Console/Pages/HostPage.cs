using System.Globalization;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Seat.Console;

/// <summary>The computer below the VMs: what it has, what of it is in use, and what works less well than it could.</summary>
internal sealed class HostPage : ConsolePage
{
    private readonly TextView _text = new() { LabelWidth = 14, MaxWidth = 100 };
    private HostStatus? _host;

    public HostPage(ConsoleApp app) : base(app) => DataChanged();

    public override string Title => "This computer";

    public override void DataChanged()
    {
        if (App.Backend.Snapshot is { } snapshot && !ReferenceEquals(snapshot.Host, _host))
        {
            _host = snapshot.Host;
            _text.Set(Lines(snapshot.Host, App.Clock.GetUtcNow()));
        }
    }

    public override void AddKeys(List<KeyHint> keys)
    {
        keys.Add(new("Esc", "back"));
        keys.Add(new("↑ ↓ PgUp PgDn", "scroll"));
        keys.Add(new("F1", "help"));
    }

    public override void Key(ConsoleKeyPress key)
    {
        if (IsBack(key))
        {
            App.Back();
        }
        else
        {
            _text.Key(key);
        }
    }

    public override void Draw(Canvas canvas)
    {
        if (_host is null)
        {
            canvas.Wrap(1, 0, canvas.Columns - 2, canvas.Rows, App.Backend.Problem ?? "The daemon's first word is awaited.", Theme.Page.With(Theme.Dim));
            return;
        }

        _text.Draw(canvas.Part(1, 0, canvas.Columns - 1, canvas.Rows), Theme.Page);
    }

    private static List<TextLine> Lines(HostStatus host, DateTimeOffset now)
    {
        var lines = new List<TextLine>();
        AddUse(lines, host, now);
        lines.Add(TextLine.Empty);
        AddDegraded(lines, host);
        lines.Add(TextLine.Empty);
        lines.Add(new TextLine("Versions", Theme.Ink) { Heading = true });
        lines.Add(new TextLine(host.HyperspaceVersion, Theme.Soft) { Label = "Hyperspace" });
        lines.Add(new TextLine(host.QemuVersion, Theme.Soft) { Label = "QEMU" });
        lines.Add(new TextLine(host.KernelVersion, Theme.Soft) { Label = "Linux" });
        return lines;
    }

    private static void AddUse(List<TextLine> lines, HostStatus host, DateTimeOffset now)
    {
        Span<char> buffer = stackalloc char[40];
        long memory = Math.Max(0, host.MemoryBytes - host.MemoryAvailableBytes), disk = Math.Max(0, host.DiskBytes - host.DiskFreeBytes);
        string cpus = host.CpuCount == 1 ? "1 CPU" : $"{host.CpuCount} CPUs";
        lines.Add(new TextLine(host.HostName, Theme.Ink) { Heading = true });
        lines.Add(new TextLine($"{host.CpuModel}, {cpus}", Theme.Soft) { Label = "Processor" });
        lines.Add(new TextLine($"{ConsoleText.Percent(buffer, host.CpuPercent)} in use", Theme.Soft) { Label = "CPU", Meter = host.CpuPercent / 100 });
        lines.Add(new TextLine($"{ConsoleText.Size(memory)} of {ConsoleText.Size(host.MemoryBytes)}", Theme.Soft)
        {
            Label = "Memory",
            Meter = memory / Math.Max(1.0, host.MemoryBytes),
        });
        lines.Add(new TextLine($"{ConsoleText.Size(disk)} of {ConsoleText.Size(host.DiskBytes)}, {ConsoleText.Size(host.DiskFreeBytes)} free", Theme.Soft)
        {
            Label = "VMs' disk",
            Meter = disk / Math.Max(1.0, host.DiskBytes),
        });
        lines.Add(new TextLine($"{host.Accelerator.ToUpper(CultureInfo.InvariantCulture)}. {host.AcceleratorReason}", host.Accelerator == "kvm" ? Theme.Good : Theme.Warning)
        {
            Label = "Accelerator",
        });
        lines.Add(new TextLine(ConsoleText.Duration(buffer, now - host.BootedAt).ToString(), Theme.Soft) { Label = "Up for" });
    }

    private static void AddDegraded(List<TextLine> lines, HostStatus host)
    {
        lines.Add(new TextLine("What is degraded, and why", Theme.Ink) { Heading = true });
        if (host.Degraded.Count == 0)
        {
            lines.Add(new TextLine("Nothing: all that Hyperspace can make use of here, it does.", Theme.Good));
            return;
        }

        foreach (Degradation degraded in host.Degraded)
        {
            lines.Add(new TextLine($"! {degraded.What}", Theme.Warning) { Heading = true });
            lines.Add(new TextLine(degraded.Why, Theme.Soft) { Label = "  Why" });
            lines.Add(new TextLine(degraded.Remedy, Theme.Soft) { Label = "  Remedy" });
        }
    }
}
