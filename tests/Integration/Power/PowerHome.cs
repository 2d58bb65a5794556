using System.Diagnostics;
using Hyperspace.Machines.Power.Host;
using Hyperspace.Machines.Power.Mailbox;
using Hyperspace.Machines.Supervision;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;
using Hyperspace.Tests.Integration.Engine;

namespace Hyperspace.Tests.Integration.Power;

/// <summary>An installation whose machine's power is what a test sets.</summary>
internal sealed class PowerHome : IAsyncDisposable
{
    /// <summary>Longer than Linux keeps what a battery said, and the reminder takes to come.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(1.5);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly EngineHome _home = new();
    private readonly Dictionary<string, LinuxGuest> _guests = [];
    private GuestPowers? _powers;

    public EngineHome Engine => _home;

    public Fleet Fleet { get; private set; } = null!;

    public PowerControl Control { get; } = new(new NoSource());

    public GuestPowers Powers => _powers!;

    public static BatteryState ABattery(int i, int now, BatteryStatus status, int full = 50_000) => new($"BAT{i}", true, status, null, now, full, 57_000, 9_500, 11_500, 11_400, 312, 5_000, 2_500);

    /// <summary>What a daemon does when it starts.</summary>
    public async Task OpenAsync()
    {
        Fleet = await _home.OpenFleetAsync();
        _powers = new GuestPowers(Fleet, Control, _home.Paths);
    }

    /// <summary>What becomes of a daemon that ends: its VMs go on.</summary>
    public async Task CloseAsync()
    {
        await _powers!.DisposeAsync();
        await Fleet.DisposeAsync();
    }

    public async Task<LinuxGuest> BootAsync(string name)
    {
        await Fleet.ActAsync(name, VmAction.Start, CancellationToken.None);
        await LinuxGuest.BootedAsync(_home, name);
        return await ShellAsync(name);
    }

    public async Task<LinuxGuest> ShellAsync(string name)
    {
        if (_guests.Remove(name, out LinuxGuest? old))
        {
            old.Dispose();
        }

        return _guests[name] = await LinuxGuest.ConnectAsync(LinuxGuest.ShellSocket(_home, name));
    }

    /// <summary>The property: after a quiet of 1.5 s a guest sees exactly what it is to see. A machine that has other things to do may take longer.</summary>
    public static async Task AssertSeesAsync(LinuxGuest guest, PowerState state)
    {
        string expected = GuestView.Of(state), seen = "";
        for (var watch = Stopwatch.StartNew(); seen != expected && watch.Elapsed < Patience;)
        {
            await Task.Delay(Quiet);
            seen = (await guest.RunAsync("power-view")).Trim();
        }

        Assert.Equal(expected, seen);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (LinuxGuest guest in _guests.Values)
        {
            guest.Dispose();
        }

        if (_powers is not null)
        {
            await _powers.DisposeAsync();
        }

        await _home.DisposeAsync();
    }

    /// <summary>A machine that never says anything.</summary>
    private sealed class NoSource : IPowerSource
    {
        public PowerState Current => PowerState.None;

        public event Action? Changed
        {
            add { }
            remove { }
        }

        public event Action<PowerEvent>? Pressed
        {
            add { }
            remove { }
        }
    }
}
