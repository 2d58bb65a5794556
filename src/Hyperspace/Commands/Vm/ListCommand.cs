using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Hyperspace.Machines.Definitions;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Commands.Vm;

/// <summary><c>hyperspace vm list</c>: all VMs, with their state when a daemon answers.</summary>
internal static class ListCommand
{
    private static readonly string[] Heading = ["PORT", "NAME", "LABEL", "STATE", "CPU", "MEMORY", "UP", "REASON"];

    public static Command Build(VmContext context)
    {
        var json = new Option<bool>("--json") { Arity = ArgumentArity.Zero, Description = "A JSON array, one object a VM." };
        return context.Does(new Command("list", "List the VMs, in the order of their ports.") { json }, async (result, screen, cancel) =>
        {
            using IVmControl daemon = context.Connect();
            bool answers = await daemon.IsAnsweringAsync(cancel);
            if (result.GetValue(json))
            {
                JsonNode[] entries = answers ? [.. (await daemon.GetVmsAsync(cancel)).Select(VmJson.Of)] : [.. Definitions(context).Select(VmJson.Of)];
                screen.Line(VmJson.Text(new JsonArray(entries)));
                return 0;
            }

            (string[] Cells, string Color, string State)[] rows = answers
                ? [.. (await daemon.GetVmsAsync(cancel)).Select(vm => (Row(vm), vm.Color, VmJson.Word(vm.State)))]
                : [.. Definitions(context).Select(d => (Row(d), d.Definition?.Color ?? "#808080", d.Definition is null ? "invalid" : "unknown"))];
            Show(screen, rows);
            if (!answers)
            {
                screen.Warning($"No daemon answers on {context.Paths.ApiSocket}, so it is not known what runs; \"hyperspace daemon\" starts one.");
            }

            return 0;
        });
    }

    /// <summary>A time for people, its two largest units: <c>3 min</c>, <c>2 h 5 min</c>, <c>4 d 1 h</c>.</summary>
    public static string Duration(TimeSpan time) => time switch
    {
        { TotalMinutes: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, (int)time.TotalSeconds)} s"),
        { TotalHours: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.Minutes} min"),
        { TotalDays: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.Hours} h {time.Minutes} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalDays} d {time.Hours} h"),
    };

    private static IEnumerable<LoadedDefinition> Definitions(VmContext context) =>
        context.Store.Load().OrderBy(d => d.Definition?.Port ?? int.MaxValue).ThenBy(d => d.Name, StringComparer.Ordinal);

    private static string[] Row(VmStatus vm)
    {
        string memory = ByteSize.Human((long)vm.MemoryMiB << 20);
        return
        [
            vm.Port?.ToString(CultureInfo.InvariantCulture) ?? "-", vm.Name, vm.Label, VmJson.Word(vm.State),
            vm.IsAlive ? $"{vm.CpuPercent.ToString("0", CultureInfo.InvariantCulture)} %" : "",
            vm.State == VmState.Invalid ? "" : vm.IsAlive ? $"{ByteSize.Human(vm.ResidentBytes)} of {memory}" : memory,
            vm.StartedAt is { } start && vm.IsAlive ? Duration(DateTimeOffset.Now - start) : "", OneLine(vm.Reason ?? ""),
        ];
    }

    private static string[] Row(LoadedDefinition loaded) => loaded.Definition is { } vm
        ? [vm.Port?.ToString(CultureInfo.InvariantCulture) ?? "-", vm.Name, vm.Label, "unknown (no daemon)", "", ByteSize.Human((long)vm.MemoryMiB << 20), "", ""]
        : ["-", loaded.Name, "", "invalid", "", "", "", $"hyperspace vm validate {loaded.Name}"];

    private static void Show(Screen screen, (string[] Cells, string Color, string State)[] rows)
    {
        if (rows.Length == 0)
        {
            screen.Line("There is no VM yet; \"hyperspace vm create NAME --disk 20GiB --iso FILE\" makes one.");
            return;
        }

        screen.Table([Heading, .. rows.Select(row => row.Cells)], (row, column) => (row, column) switch
        {
            (0, _) => "1",
            (_, 0) => Rgb(rows[row - 1].Color),
            (_, 3) => StateColor(rows[row - 1].State),
            _ => null,
        });
    }

    private static string OneLine(string reason)
    {
        string text = reason.ReplaceLineEndings(" ");
        return text.Length <= 80 ? text : $"{text[..77]}...";
    }

    /// <summary>The port stands on the VM's own colour, as in the trusted bar.</summary>
    private static string? Rgb(string color) => color.Length == 7 && int.TryParse(color.AsSpan(1), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out int rgb)
        ? string.Create(CultureInfo.InvariantCulture, $"1;38;2;{rgb >> 16};{rgb >> 8 & 255};{rgb & 255}")
        : null;

    private static string? StateColor(string state) => state switch
    {
        "running" => "32",
        "crashed" or "invalid" => "31",
        "starting" or "stopping" or "paused" => "33",
        _ => "2",
    };
}
