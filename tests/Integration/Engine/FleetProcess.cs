using System.Diagnostics;
using System.Globalization;
using Hyperspace.Linux;
using Hyperspace.Machines;
using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Engines.Qemu;
using Hyperspace.Machines.Supervision;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;

namespace Hyperspace.Tests.Integration.Engine;

/// <summary>A fleet in a process of its own, so that a test can kill it as a daemon is killed: without a last word.</summary>
internal sealed class FleetProcess : IDisposable
{
    private readonly Process _process;

    private FleetProcess(Process process) => _process = process;

    public static async Task<FleetProcess> StartAsync(string home)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", typeof(FleetProcess).Assembly.Location, "fleet", home]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        var fleet = new FleetProcess(Process.Start(start)!);
        Assert.Equal("open", await fleet._process.StandardOutput.ReadLineAsync());
        return fleet;
    }

    /// <summary>Does it in that process.</summary>
    /// <returns>The VM's generation after it.</returns>
    public Task<int> ActAsync(string vm, VmAction action) => ActAsync(vm, action.ToString());

    private async Task<int> ActAsync(string vm, string action)
    {
        await _process.StandardInput.WriteLineAsync($"{vm} {action}");
        await _process.StandardInput.FlushAsync();
        string? answer = await _process.StandardOutput.ReadLineAsync();
        Assert.True(int.TryParse(answer, NumberStyles.None, CultureInfo.InvariantCulture, out int generation), $"{action} {vm}: {answer}");
        return generation;
    }

    /// <summary>Does something about templates in that process.</summary>
    public Task<int> ActAsync(string vm, InstantAction action) => ActAsync(vm, action.ToString());

    /// <inheritdoc cref="Begin(string, VmAction)"/>
    public void Begin(string vm, InstantAction action) => Begin(vm, action.ToString());

    /// <summary>Begins to do it and does not wait.</summary>
    public void Begin(string vm, VmAction action) => Begin(vm, action.ToString());

    private void Begin(string vm, string action)
    {
        _process.StandardInput.WriteLine($"{vm} {action}");
        _process.StandardInput.Flush();
    }

    /// <summary>SIGKILL, for this process alone.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>What that process does.</summary>
    public static async Task<int> RunAsync(string home)
    {
        HyperspacePaths paths = HyperspacePaths.Of(name => name == "HYPERSPACE_HOME" ? home : null, root: false);
        Fleet fleet = await Fleet.OpenAsync(new DefinitionStore(paths, HostFacts.Read()), new QemuEngine(paths), paths, TimeProvider.System, CancellationToken.None);
        Console.WriteLine("open");
        while (Console.ReadLine()?.Split(' ') is [var vm, var action])
        {
            try
            {
                string about = vm;
                if (Enum.TryParse(action, out InstantAction instant))
                {
                    about = await fleet.InstantAsync(vm, instant, CancellationToken.None);
                }
                else
                {
                    await fleet.ActAsync(vm, Enum.Parse<VmAction>(action), CancellationToken.None);
                }

                Console.WriteLine(fleet.Vms.Single(v => v.Name == about).Generation);
            }
            catch (MachineException e)
            {
                Console.WriteLine(e.Message);
            }
        }

        await fleet.DisposeAsync();
        return 0;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }
}
