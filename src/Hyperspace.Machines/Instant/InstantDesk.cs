using System.Collections.Concurrent;
using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Engines;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Machines.Instant;

/// <summary>What the desk asks of the fleet.</summary>
internal interface IInstantFleet
{
    /// <summary>The definitions without errors, disposables left out.</summary>
    IReadOnlyList<VmDefinition> Definitions { get; }

    /// <summary>The VMs that the next opens would start, as many of each as it wants warm.</summary>
    IReadOnlyList<VmDefinition> NextOpens { get; }

    /// <summary>Whether a VM is being started, or was within that time.</summary>
    bool HasStarted(TimeSpan within);

    /// <summary>Whether a VM that was started a short while ago is not up yet.</summary>
    bool IsBooting { get; }

    void TemplatesChanged();

    void Log(string vm, string what);
}

/// <summary>
/// Keeps the templates of the fleet: knows how they are, makes those that are missing or outdated when nothing else boots, checks those that there are once after the daemon has started, and has
/// engines wait for the next opens.
/// </summary>
internal sealed class InstantDesk(ITemplates templates, IInstantFleet fleet) : IAsyncDisposable
{
    /// <summary>How long no VM may have been started before a template is made or checked unasked.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(60);

    /// <summary>After a change, so that what was just opened comes first.</summary>
    public static readonly TimeSpan BehindAnOpen = TimeSpan.FromSeconds(1.5);

    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(200);

    private readonly ConcurrentDictionary<string, TemplateLook> _looks = new();
    private readonly ConcurrentDictionary<string, (int Percent, string What)> _building = new();

    /// <summary>Definitions whose builds have failed, with the reason: not tried again unasked.</summary>
    private readonly ConcurrentDictionary<string, (string Definition, string Why)> _failed = new();

    private readonly Dictionary<string, Task> _builds = [];
    private readonly ConcurrentDictionary<string, bool> _verified = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly Lock _lock = new();
    private Task _own = Task.CompletedTask;
    private Task _balancing = Task.CompletedTask;
    private bool _again;
    private bool _hasBegun;

    /// <summary>Null for a VM that has no template and wants none.</summary>
    public InstantStatus? StatusOf(VmDefinition vm)
    {
        TemplateLook look = _looks.GetValueOrDefault(vm.CloneOf ?? vm.Name) ?? new TemplateLook(TemplateState.None, null, null, null, false);
        if (_building.TryGetValue(vm.Name, out (int Percent, string What) building))
        {
            return new InstantStatus(TemplateState.Building, building.What, building.Percent, look.Bytes, look.SavedAt, look.IsCheckpoint, 0);
        }

        if (vm.Instant is null && !look.IsCheckpoint)
        {
            return null;
        }

        string? why = look.State == TemplateState.Ready ? null : Sentence(vm, look);
        int warm = vm.CloneOf is null ? Disposables.Names(vm.Name).Take(8).Prepend(vm.Name).Count(templates.IsWarm) : 0;
        return new InstantStatus(look.State, why, null, look.Bytes, look.SavedAt, look.IsCheckpoint, warm);
    }

    /// <summary>Looks at all templates again.</summary>
    public void Refresh()
    {
        IReadOnlyList<VmDefinition> all = fleet.Definitions;
        foreach (VmDefinition vm in all)
        {
            _looks[vm.Name] = templates.Look(vm);
        }

        foreach (string gone in _looks.Keys.Except(all.Select(vm => vm.Name)))
        {
            _looks.TryRemove(gone, out _);
        }
    }

    /// <summary>Now and then: begins what nobody has asked for, one thing at a time.</summary>
    public void Tick()
    {
        Refresh();
        lock (_lock)
        {
            if (_own.IsCompleted && !_ending.IsCancellationRequested && !fleet.HasStarted(Quiet) && NextOwn() is { } work)
            {
                _own = Task.Run(work);
            }
        }
    }

    /// <summary>Makes a template, or waits for the one that is being made already.</summary>
    public Task BuildAsync(VmDefinition vm)
    {
        lock (_lock)
        {
            if (!_builds.TryGetValue(vm.Name, out Task? build) || build.IsCompleted)
            {
                _builds[vm.Name] = build = Task.Run(() => MakeAsync(vm));
            }

            return build;
        }
    }

    private async Task MakeAsync(VmDefinition vm)
    {
        _building[vm.Name] = (0, "beginning");
        try
        {
            await templates.BuildAsync(vm, behind: true, (percent, what) =>
            {
                _building[vm.Name] = (percent, what);
                fleet.TemplatesChanged();
            }, _ending.Token);
            _failed.TryRemove(vm.Name, out _);
            _verified[vm.Name] = true;
            fleet.Log(vm.Name, "A template was made.");
        }
        catch (MachineException e)
        {
            _failed[vm.Name] = (Text(vm), e.Message);
            fleet.Log(vm.Name, e.Message);
            throw;
        }
        finally
        {
            _building.TryRemove(vm.Name, out _);
            Changed();
        }
    }

    public async Task VerifyAsync(VmDefinition vm, CancellationToken cancel)
    {
        try
        {
            await templates.VerifyAsync(vm, cancel);
        }
        finally
        {
            _verified[vm.Name] = true;
            Changed();
        }
    }

    /// <summary>A template has changed: all that depends on it is looked at again.</summary>
    public void Changed()
    {
        Refresh();
        fleet.TemplatesChanged();
        Balance(TimeSpan.Zero);
    }

    /// <summary>From now on engines are kept ready: before, it is not known which VMs run.</summary>
    public void Begin()
    {
        Refresh();
        lock (_lock)
        {
            _hasBegun = true;
        }

        Balance(BehindAnOpen);
    }

    /// <summary>Has engines wait for what would be opened next.</summary>
    public void Balance(TimeSpan after)
    {
        lock (_lock)
        {
            if (!_hasBegun)
            {
                return;
            }

            if (!_balancing.IsCompleted)
            {
                _again = true;
                return;
            }

            _balancing = _ending.IsCancellationRequested ? Task.CompletedTask : Task.Run(() => BalanceAsync(after));
        }
    }

    private async Task BalanceAsync(TimeSpan after)
    {
        try
        {
            do
            {
                await Task.Delay(after, _ending.Token);

                // The next open can do without; who waits for this one, or for a boot, cannot.
                while (fleet.HasStarted(BehindAnOpen) || fleet.IsBooting)
                {
                    await Task.Delay(Glance, _ending.Token);
                }

                lock (_lock)
                {
                    _again = false;
                }

                await templates.KeepWarmAsync(fleet.NextOpens, _ending.Token);
                fleet.TemplatesChanged();
            }
            while (IsWantedAgain());
        }
        catch (OperationCanceledException)
        {
            // The daemon ends.
        }
        catch (Exception e)
        {
            Console.Error.WriteLine($"hyperspace: engines cannot be kept ready: {e.Message}");
        }
    }

    private bool IsWantedAgain()
    {
        lock (_lock)
        {
            return _again;
        }
    }

    private Func<Task>? NextOwn()
    {
        foreach (VmDefinition vm in fleet.Definitions.Where(vm => vm.Instant is not null && _looks.ContainsKey(vm.Name)))
        {
            if (_looks[vm.Name].State != TemplateState.Ready && Disposables.Obstacle(vm) is null && !(_failed.TryGetValue(vm.Name, out var failed) && failed.Definition == Text(vm)))
            {
                return () => QuietlyAsync(() => BuildAsync(vm));
            }

            if (_looks[vm.Name].State == TemplateState.Ready && _verified.TryAdd(vm.Name, true))
            {
                return () => QuietlyAsync(() => VerifyAsync(vm, _ending.Token));
            }
        }

        return null;
    }

    private static async Task QuietlyAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception e) when (e is MachineException or OperationCanceledException)
        {
            // It is in the VM's status and log.
        }
    }

    private string? Sentence(VmDefinition vm, TemplateLook look)
    {
        if (_failed.TryGetValue(vm.Name, out var failed) && failed.Definition == Text(vm))
        {
            return $"{failed.Why} \"hyperspace instant build {vm.Name}\" tries again.";
        }

        string begin = look.State == TemplateState.Outdated ? $"Its template is not used: {look.Why}" : look.Why is null ? "It has no template yet" : $"It has no template: {look.Why}";
        return Disposables.Obstacle(vm) is not null ? $"{begin}." : $"{begin}; a new one is made when nothing else boots, or now by \"hyperspace instant build {vm.Name}\".";
    }

    private static string Text(VmDefinition vm) => DefinitionText.Yaml(DefinitionText.Keys(vm));

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        Task[] all;
        lock (_lock)
        {
            all = [_own, _balancing, .. _builds.Values];
        }

        await Task.WhenAll(all).ContinueWith(static task => task.Exception, TaskScheduler.Default);

        // A later daemon would end them anyway: it cannot know what they wait for.
        await templates.KeepWarmAsync([], CancellationToken.None);
    }
}
