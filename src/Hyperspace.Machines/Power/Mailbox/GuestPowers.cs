using Hyperspace.Linux;
using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Engines.Qemu;
using Hyperspace.Machines.Power.Host;
using Hyperspace.Machines.Supervision;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.PowerMailbox;

namespace Hyperspace.Machines.Power.Mailbox;

/// <summary>Gives every VM that runs the power that its definition says: this machine's, or a fixed one. Follows the fleet, so that runs of an earlier daemon are served too. Thread-safe.</summary>
public sealed class GuestPowers : IAsyncDisposable
{
    private readonly Fleet _fleet;
    private readonly IPowerSource _source;
    private readonly HyperspacePaths _paths;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (int Generation, MailboxLink Link)> _links = [];
    private bool _ended;

    public GuestPowers(Fleet fleet, IPowerSource source, HyperspacePaths paths)
    {
        (_fleet, _source, _paths) = (fleet, source, paths);
        fleet.SleepButton = PressSleep;
        fleet.Changed += Update;
        source.Changed += Update;
        Update();
    }

    /// <summary>What each VM sees, in the fleet's order.</summary>
    public IReadOnlyList<VmPower> Vms
    {
        get
        {
            PowerState host = _source.Current;
            lock (_lock)
            {
                return [.. _fleet.Vms.Select(vm => Describe(vm.Name, host))];
            }
        }
    }

    /// <summary>Whether a guest has been told everything; false while nobody is connected.</summary>
    internal bool IsQuiet(string vm)
    {
        lock (_lock)
        {
            return _links.TryGetValue(vm, out (int, MailboxLink Link) entry) && entry.Link.IsQuiet;
        }
    }

    private VmPower Describe(string vm, PowerState host)
    {
        PowerDefinition power = _fleet.PowerOf(vm);
        bool connected = _links.TryGetValue(vm, out (int, MailboxLink Link) entry) && entry.Link.IsConnected;
        string mode = power.Mode switch { PowerMode.None => "none", PowerMode.Fixed => "fixed", _ => "mirror" };
        return new VmPower(vm, mode, connected, power.Mode == PowerMode.None ? null : View(power, host));
    }

    /// <summary>What a guest is told. Buttons and where a value comes from are not its business.</summary>
    private static PowerState View(PowerDefinition power, PowerState host) =>
        power.Mode == PowerMode.Fixed ? power.Fixed! : host with { Batteries = [.. host.Batteries.Take(PowerRegisters.MaxBatteries)], IsSet = false, LastEvent = null };

    private void Update()
    {
        PowerState host = _source.Current;
        var over = new List<MailboxLink>();
        lock (_lock)
        {
            if (_ended)
            {
                return;
            }

            Dictionary<string, VmStatus> alive = _fleet.Vms.Where(vm => vm.Pid is not null).ToDictionary(vm => vm.Name);
            foreach ((string name, (int generation, MailboxLink link)) in _links.ToArray())
            {
                if (!alive.TryGetValue(name, out VmStatus? vm) || vm.Generation != generation)
                {
                    over.Add(link);
                    _links.Remove(name);
                }
            }

            foreach (VmStatus vm in alive.Values)
            {
                Tell(vm, host);
            }
        }

        foreach (MailboxLink link in over)
        {
            _ = link.DisposeAsync().AsTask();
        }
    }

    private void Tell(VmStatus vm, PowerState host)
    {
        PowerDefinition power = _fleet.PowerOf(vm.Name);
        if (power.Mode == PowerMode.None)
        {
            return;
        }

        PowerRegisters registers = PowerRegisters.Of(View(power, host));
        if (_links.TryGetValue(vm.Name, out (int, MailboxLink Link) known))
        {
            known.Link.Tell(registers);
        }
        else
        {
            _links[vm.Name] = (vm.Generation, new MailboxLink(new QemuFiles(_paths, vm.Name).Power, vm.Pid, registers));
        }
    }

    private void PressSleep(string vm)
    {
        lock (_lock)
        {
            if (_fleet.PowerOf(vm).Mode == PowerMode.None)
            {
                throw new MachineException($"{vm} has no sleep button, because its definition says \"power: none\".");
            }

            if (!_links.TryGetValue(vm, out (int, MailboxLink Link) entry) || !entry.Link.PressSleep())
            {
                throw new MachineException($"{vm}'s sleep button cannot be pressed now: its mailbox is not connected. A VM that was started by an older Hyperspace has none until it is started again.");
            }
        }
    }

    /// <summary>Lets go of all guests; they keep what they were told last.</summary>
    public async ValueTask DisposeAsync()
    {
        _fleet.Changed -= Update;
        _source.Changed -= Update;
        MailboxLink[] links;
        lock (_lock)
        {
            _ended = true;
            links = [.. _links.Values.Select(entry => entry.Link)];
            _links.Clear();
        }

        foreach (MailboxLink link in links)
        {
            await link.DisposeAsync();
        }
    }
}
