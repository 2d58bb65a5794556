using Hyperspace.Machines.Power.Host;
using Hyperspace.Machines.Power.Rules;
using Hyperspace.Machines.Supervision;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Machines.Power.Policy;

/// <summary>What <see cref="PowerPolicy"/> works with. All of it thread-safe.</summary>
/// <param name="Rules">Reads the rules; called for each occasion, so that a changed file counts at once.</param>
/// <param name="Seat">What the seat shows; null without a seat.</param>
/// <param name="ExternalMonitor">Whether one is connected.</param>
public sealed record PolicyWorld(IPowerSource Source, IPolicyGuests Guests, IHostPower Host, Func<LoadedRules> Rules, Func<SeatStatus?> Seat, Func<bool> ExternalMonitor, TimeProvider Clock)
{
    /// <summary>False for an installation beside that of the machine: it pretends to suspend and to power off, unless its rules say otherwise.</summary>
    public bool OwnsMachine { get; init; } = true;

    /// <summary>Moves the seat to the console, away from what a guest shows; throws a <see cref="MachineException"/> when it cannot.</summary>
    public Func<CancellationToken, Task> GoToConsole { get; init; } = _ => Task.CompletedTask;
}

/// <summary>
/// Does what the rules say when the machine's lid, buttons, battery or idleness are an occasion; see <see cref="OccasionFilter"/> for what is none. One plan at a time:
/// <list type="bullet">
/// <item>a critical battery cancels any plan but its own and comes next;</item>
/// <item>a lid that is opened cancels the plan of its closing, a charger that is plugged in that of the critical battery;</item>
/// <item>buttons and idleness during a plan are forgotten; anything else waits for its end and is looked at anew then.</item>
/// </list>
/// Thread-safe.
/// </summary>
public sealed class PowerPolicy : IAsyncDisposable
{
    private const int RecentLines = 8;
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(30);

    private readonly PolicyWorld _world;
    private readonly MachineLog _log;
    private readonly PlanRunner _runner;
    private readonly OccasionFilter _filter;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private readonly List<Occasion> _waiting = [];
    private readonly Queue<string> _recent = new();
    private readonly long _start;
    private PowerRules _rules = DefaultRules.Rules;
    private string? _ruleErrors;
    private Run? _run;
    private Task _running = Task.CompletedTask;
    private TimeSpan _lastInput;
    private TimeSpan _idleTold;
    private bool _blanked;
    private bool _isNew;
    private bool _ended;

    private sealed record Run(Decision Decision, CancellationTokenSource Cancel);

    /// <param name="logFile">Gets a line for everything that is decided and done.</param>
    /// <param name="heldFile">Remembers which VMs are held for a suspended host, for the next daemon; null for none.</param>
    public PowerPolicy(PolicyWorld world, string logFile, string? heldFile)
    {
        (_world, _start) = (world, world.Clock.GetTimestamp());
        _log = new MachineLog(logFile, world.Clock);
        _runner = new PlanRunner(world.Guests, world.Host, world.GoToConsole, new SuspendRecord(heldFile), world.Clock, NoteAndAnnounce, OnResumed);
        _filter = new OccasionFilter(world.Source.Current, TimeSpan.Zero);
        _timer = world.Clock.CreateTimer(_ => Update(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Begins; lets guests go on first that an earlier daemon left held.</summary>
    public async Task StartAsync()
    {
        await _runner.RecoverAsync();
        _world.Host.Sleeping = _runner.HostSleepsAsync;
        _world.Source.Changed += Update;
        _world.Source.Pressed += OnPressed;
        Update();
    }

    /// <summary>Something in <see cref="Status"/> is new. Raised on any thread; handlers must not block.</summary>
    public event Action? Changed;

    public PolicyStatus Status
    {
        get
        {
            lock (_lock)
            {
                return new PolicyStatus(_run is { } run ? DecisionText.Summary(run.Decision) : null, [.. _recent], _world.Host.Way);
            }
        }
    }

    /// <summary>Gives up what is not done yet of the plan that runs.</summary>
    /// <returns>False when none does.</returns>
    public bool Cancel()
    {
        lock (_lock)
        {
            return _run is { } run && CancelRun(run);
        }
    }

    /// <summary>Somebody has touched a key or the pointer.</summary>
    public void Touched()
    {
        lock (_lock)
        {
            _lastInput = Now;
            _idleTold = TimeSpan.Zero;
        }

        Unblank();
        Update();
    }

    /// <summary>
    /// A key for the brightness of this machine's own panel: what KEY_BRIGHTNESSUP and KEY_BRIGHTNESSDOWN do. A step of 5 percent, never below 1, so that nobody is left in the dark.
    /// </summary>
    /// <returns>The brightness, in percent.</returns>
    /// <exception cref="MachineException">There is no backlight, or it cannot be set; says why.</exception>
    public Task<int> StepBrightnessAsync(bool up, CancellationToken cancel)
    {
        int now = _world.Host.BrightnessPercent ?? throw new MachineException("This machine has no backlight that can be set.");
        return _world.Host.SetBrightnessAsync(Math.Clamp(now + (up ? 5 : -5), 1, 100), cancel);
    }

    /// <summary>Whoever only tries something out must not find the machine switched off.</summary>
    private bool Pretends => !(_rules.HostActs ?? (_world.OwnsMachine && !_world.Source.Current.IsSet));

    private TimeSpan Now => _world.Clock.GetElapsedTime(_start);

    private void OnPressed(PowerEvent pressed)
    {
        // The lid's position is part of the state, where it can be read again.
        if (pressed.Button is PowerButton.Power or PowerButton.Sleep)
        {
            lock (_lock)
            {
                if (!_filter.Press(pressed.Button == PowerButton.Sleep, Now))
                {
                    Note($"{pressed.Button.ToString().ToLowerInvariant()} button: it does not count, because it was pressed just before or has woken the machine.");
                }
            }
        }

        Update();
    }

    private void Update()
    {
        lock (_lock)
        {
            if (_ended)
            {
                return;
            }

            TimeSpan at = Now;
            _filter.Observe(_world.Source.Current, _rules.LowPercent, _rules.CriticalPercent, at);
            while (_filter.TryTake(at, out Occasion occasion))
            {
                Take(occasion);
            }

            TakeIdle(at);
            Arm(at);
        }

        Announce();
    }

    /// <summary>Only when there is something new: keys alone are no news.</summary>
    private void Announce()
    {
        lock (_lock)
        {
            if (!_isNew)
            {
                return;
            }

            _isNew = false;
        }

        Changed?.Invoke();
    }

    /// <summary>Waits for what comes next by itself.</summary>
    private void Arm(TimeSpan at)
    {
        TimeSpan? idle = _rules.IdleTimes.Where(t => t > _idleTold).Select(t => (TimeSpan?)(_lastInput + t)).FirstOrDefault();
        TimeSpan? next = new[] { _filter.Next, idle }.Min();
        _timer.Change(next is { } due ? TimeSpan.FromMilliseconds(Math.Max(1, Math.Ceiling((due - at).TotalMilliseconds))) : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private void TakeIdle(TimeSpan at)
    {
        foreach (TimeSpan time in _rules.IdleTimes.Where(t => t > _idleTold && _lastInput + t <= at).ToArray())
        {
            _idleTold = time;
            Take(new Occasion(OccasionKind.Idle, time));
        }
    }

    /// <summary>Under the lock.</summary>
    private void Take(Occasion occasion)
    {
        if (occasion.Kind == OccasionKind.LidOpened)
        {
            Unblank();
            _waiting.RemoveAll(o => o.Kind == OccasionKind.LidClosed);
        }

        if (_run is null)
        {
            Begin(occasion);
            return;
        }

        Run run = _run;
        if (Cancels(occasion.Kind, run.Decision))
        {
            Note($"{occasion}: the plan for {run.Decision.Occasion} is cancelled.");
            CancelRun(run);
        }

        if (occasion.Kind is OccasionKind.PowerButton or OccasionKind.SleepButton or OccasionKind.Idle)
        {
            Note($"{occasion}: not looked at, because the plan for {run.Decision.Occasion} is being done.");
        }
        else if (occasion.Kind == OccasionKind.BatteryCritical)
        {
            _waiting.Insert(0, occasion);
        }
        else
        {
            _waiting.Add(occasion);
        }
    }

    /// <summary>What waits for it goes on elsewhere: not here, under the lock.</summary>
    private static bool CancelRun(Run run)
    {
        _ = run.Cancel.CancelAsync();
        return true;
    }

    private static bool Cancels(OccasionKind kind, Decision running) => (kind, running.Occasion.Kind) switch
    {
        (OccasionKind.BatteryCritical, not OccasionKind.BatteryCritical) => true,
        (OccasionKind.LidOpened, OccasionKind.LidClosed) => true,
        (OccasionKind.AcPlugged, OccasionKind.BatteryCritical) => true,
        _ => false,
    };

    /// <summary>Under the lock.</summary>
    private void Begin(Occasion occasion)
    {
        ReadRules();
        PowerSituation situation = PowerSituation.Of(_world.Source.Current, _world.Guests.Vms, _world.Seat(), _world.ExternalMonitor());
        Decision decision = Decision.Make(_rules, situation, occasion);
        Note($"{DecisionText.Summary(decision)}{(decision.Rule is { } rule ? $" ({rule.Title})" : "")}");
        if (decision.Plan.Count > 0)
        {
            _blanked |= decision.Plan.Any(step => step.Kind == ActionKind.BlankScreen);
            var run = new Run(decision, new CancellationTokenSource());
            _run = run;
            _running = Task.Run(() => RunAsync(run));
        }
    }

    private async Task RunAsync(Run run)
    {
        PlanEnd end = await _runner.RunAsync(run.Decision, Pretends, run.Cancel.Token);
        lock (_lock)
        {
            Note(end.Done ? $"{run.Decision.Occasion}: done." : $"{run.Decision.Occasion}: not all was done: {end.Words}.");
            _run = null;
            while (_run is null && _waiting.Count > 0 && !_ended)
            {
                Occasion next = _waiting[0];
                _waiting.RemoveAt(0);
                BeginIfStillSo(next);
            }
        }

        Update();
    }

    /// <summary>What has waited may be over.</summary>
    private void BeginIfStillSo(Occasion occasion)
    {
        PowerState now = _world.Source.Current;
        bool still = occasion.Kind switch
        {
            OccasionKind.LidClosed => now.LidOpen == false,
            OccasionKind.LidOpened => now.LidOpen == true,
            OccasionKind.AcPlugged => now.AcOnline == true,
            OccasionKind.AcUnplugged => now.AcOnline == false,
            OccasionKind.BatteryLow or OccasionKind.BatteryCritical => now.OnBattery,
            _ => true,
        };
        if (still)
        {
            Begin(occasion);
        }
        else
        {
            Note($"{occasion}: not looked at, because it is over.");
        }
    }

    /// <summary>A file with errors changes nothing: the rules that were good last go on.</summary>
    private void ReadRules()
    {
        LoadedRules loaded = _world.Rules();
        string? errors = loaded.Rules is null ? string.Join("; ", loaded.Errors) : null;
        if (errors is not null && errors != _ruleErrors)
        {
            Note($"The rules cannot be used, so the last good ones count: {errors}");
        }

        (_ruleErrors, _rules) = (errors, loaded.Rules ?? _rules);
    }

    /// <summary>Reads the rules now: those about idleness wait by them.</summary>
    public void Reload()
    {
        lock (_lock)
        {
            ReadRules();
        }

        Update();
    }

    private void OnResumed()
    {
        lock (_lock)
        {
            TimeSpan at = Now;
            _waiting.Clear();
            _filter.Resumed(at);
            (_lastInput, _idleTold) = (at, TimeSpan.Zero);
        }

        Unblank();
    }

    private void Unblank()
    {
        lock (_lock)
        {
            if (!_blanked)
            {
                return;
            }

            _blanked = false;
        }

        _ = UnblankAsync();
    }

    private async Task UnblankAsync()
    {
        try
        {
            await _world.Host.BlankAsync(false, CancellationToken.None);
        }
        catch (MachineException e)
        {
            Note($"The screen's light cannot be switched on: {e.Message}");
        }
    }

    private void NoteAndAnnounce(string what)
    {
        Note(what);
        Announce();
    }

    private void Note(string what)
    {
        lock (_lock)
        {
            _isNew = true;
            _log.Write(what);
            _recent.Enqueue($"{_world.Clock.GetLocalNow():yyyy-MM-dd HH:mm:ss} {what}");
            if (_recent.Count > RecentLines)
            {
                _recent.Dequeue();
            }
        }
    }

    /// <summary>Cancels the plan that runs and waits until its guests go on.</summary>
    public async ValueTask DisposeAsync()
    {
        _world.Host.Sleeping = null;
        _world.Source.Changed -= Update;
        _world.Source.Pressed -= OnPressed;
        Task running;
        lock (_lock)
        {
            _ended = true;
            if (_run is { } run)
            {
                CancelRun(run);
            }

            running = _running;
        }

        await _timer.DisposeAsync();
        await Task.WhenAny(running, Task.Delay(EndPatience));
    }
}
