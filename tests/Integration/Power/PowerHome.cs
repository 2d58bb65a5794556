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

    /// <summary>
    /// The property: when the host's end of the mailbox is quiet, the guest's view settles, and it settles on exactly what it is to see. Settled is what a guest reads twice with more than a second of its
    /// own clock between, which is how long Linux keeps what a battery said. The host's clock has no part in it: a slow machine takes longer, and a wrong view is not waited for.
    /// </summary>
    /// <param name="more">What to say when it does not.</param>
    public async Task AssertSeesAsync(string vm, PowerState state, string more = "")
    {
        await EngineHome.UntilAsync(() => _powers!.IsQuiet(vm), () => $"the mailbox of {vm}{more}");
        await AssertSettlesAsync(_guests[vm], state, more);
    }

    /// <summary>The same where nobody is at the host's end.</summary>
    public static async Task AssertSettlesAsync(LinuxGuest guest, PowerState state, string more = "")
    {
        string expected = GuestView.Of(state), before, seen = "";
        do
        {
            before = seen;
            seen = (await guest.RunAsync("usleep 1100000; power-view")).Trim();
        }
        while (seen != expected && seen != before);

        Assert.True(seen == expected, $"The guest sees{Environment.NewLine}{seen}{Environment.NewLine}and not{Environment.NewLine}{expected}{more}");
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
