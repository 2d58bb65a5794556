using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Hyperspace.Api;
using Hyperspace.Client;
using Hyperspace.Linux;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Commands;

/// <summary><c>hyperspace host</c>: the machine, and what works less well on it than it could.</summary>
internal static class HostCommand
{
    public static Command Build(HyperspacePaths paths)
    {
        var json = new Option<bool>("--json") { Description = "One JSON object." };
        var command = new Command("host", "Show this machine: CPU, memory, disk, accelerator, versions, and what is degraded and why.") { json };
        command.SetAction(async (result, cancel) =>
        {
            using var client = new ControlClient(paths.ApiSocket);
            HostStatus host = await client.GetHostAsync(cancel);
            if (result.GetValue(json))
            {
                Console.Out.WriteLine(JsonSerializer.Serialize(host, ReadableJson.Default.HostStatus));
            }
            else
            {
                Print(host, Console.Out);
            }

            return 0;
        });
        return command;
    }

    internal static void Print(HostStatus host, TextWriter output)
    {
        Columns.Write(output,
            ["host", host.HostName],
            ["CPU", Text($"{host.CpuModel}, {host.CpuCount} CPUs, {host.CpuPercent:0.0} % busy")],
            ["memory", Text($"{GiB(host.MemoryAvailableBytes):0.0} of {GiB(host.MemoryBytes):0.0} GiB available")],
            ["disk", Text($"{GiB(host.DiskFreeBytes):0.0} of {GiB(host.DiskBytes):0.0} GiB free")],
            ["accelerator", $"{host.Accelerator}: {host.AcceleratorReason}"],
            ["kernel", host.KernelVersion],
            ["QEMU", host.QemuVersion],
            ["Hyperspace", host.HyperspaceVersion],
            ["up since", Text($"{host.BootedAt.ToLocalTime():yyyy-MM-dd HH:mm}")]);
        foreach (Degradation degraded in host.Degraded)
        {
            output.WriteLine();
            Columns.Write(output, ["degraded", degraded.What], ["why", degraded.Why], ["remedy", degraded.Remedy]);
        }
    }

    private static double GiB(long bytes) => bytes / (double)(1 << 30);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
