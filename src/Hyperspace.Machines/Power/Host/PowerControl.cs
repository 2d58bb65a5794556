using Hyperspace.Protocols.Control;

namespace Hyperspace.Machines.Power.Host;

/// <summary>A machine's power with what the control API has set in its place: for tests, and for kiosks whose hardware says nothing. Thread-safe.</summary>
public sealed class PowerControl : IPowerSource, IDisposable
{
    /// <summary>A button that this machine and the seat both hear is one press.</summary>
    private static readonly TimeSpan SamePress = TimeSpan.FromMilliseconds(500);

    private readonly IPowerSource _machine;
    private readonly Lock _lock = new();
    private readonly Lock _telling = new();
    private Dictionary<string, BatteryState>? _batteries;
    private bool _noBatteries;
    private bool? _ac;
    private bool? _lid;
    private int? _backlight;
    private ThermalState? _thermal;
    private long _machineSequence;
    private long _sequence;
    private PowerEvent? _last;
    private Hand _lastHand;
    private PowerState _current;

    public PowerControl(IPowerSource machine)
    {
        _machine = machine;
        _current = Merge(machine.Current);
        machine.Changed += OnMachineChanged;
        machine.Pressed += OnMachinePressed;
    }

    public PowerState Current
    {
        get
        {
            lock (_lock)
            {
                return _current;
            }
        }
    }

    /// <summary>Without what is set.</summary>
    public PowerState Machine => _machine.Current;

    public event Action? Changed;

    public event Action<PowerEvent>? Pressed;

    /// <summary>Sets values in place of the machine's, on top of what is set already.</summary>
    /// <exception cref="MachineException">A value is out of its range; says which. Nothing is set then.</exception>
    public void Set(PowerSetting setting)
    {
        Check(setting);
        List<PowerButton> pressed = [];
        lock (_lock)
        {
            bool? lidBefore = _current.LidOpen;
            _noBatteries = setting.NoBatteries ?? _noBatteries;
            if (setting.NoBatteries == true)
            {
                _batteries = null;
            }

            foreach (BatteryState battery in setting.Batteries ?? [])
            {
                _batteries ??= [];
                _batteries[battery.Name] = Complete(battery);
            }

            (_ac, _lid) = (setting.AcOnline ?? _ac, setting.LidOpen ?? _lid);
            (_backlight, _thermal) = (setting.BacklightPercent ?? _backlight, setting.Thermal ?? _thermal);
            _current = Merge(_machine.Current);
            if (setting.LidOpen is { } open && open != (lidBefore ?? true))
            {
                pressed.Add(open ? PowerButton.LidOpened : PowerButton.LidClosed);
            }
        }

        if (setting.Press is { } button)
        {
            pressed.Add(button);
        }

        Announce();
        pressed.ForEach(button => Press(button, Hand.Api));
    }

    /// <summary>A key of a keyboard at the seat was pressed.</summary>
    public void PressKey(PowerButton button) => Press(button, Hand.Seat);

    /// <summary>The machine's own values count again.</summary>
    public void Release()
    {
        lock (_lock)
        {
            (_batteries, _noBatteries, _ac, _lid, _backlight, _thermal) = (null, false, null, null, null, null);
            _current = Merge(_machine.Current);
        }

        Announce();
    }

    private static void Check(PowerSetting setting)
    {
        foreach (BatteryState battery in setting.Batteries ?? [])
        {
            if (string.IsNullOrEmpty(battery.Name) || battery.Name.Length > 40)
            {
                throw new MachineException("A battery has no name, or one of more than 40 characters; expected one such as BAT0.");
            }

            if (battery.LevelPercent is < 0 or > 100)
            {
                throw new MachineException($"{battery.Name} cannot be at {battery.LevelPercent} percent; expected 0 to 100.");
            }

            if (new[] { battery.EnergyNowMilliwattHours, battery.RateMilliwatts, battery.VoltageMillivolts, battery.DesignMillivolts, battery.Cycles, battery.WarnMilliwattHours, battery.LowMilliwattHours }.Any(v => v < 0)
                || battery.EnergyFullMilliwattHours < 1 || battery.EnergyDesignMilliwattHours < 1)
            {
                throw new MachineException($"{battery.Name} has a value below 0, or a full or design energy below 1; expected mWh, mW and mV.");
            }
        }

        if (setting.Batteries is { Count: > 16 })
        {
            throw new MachineException($"{setting.Batteries.Count} batteries are too many; expected at most 16.");
        }

        if (setting.BacklightPercent is < 0 or > 100)
        {
            throw new MachineException($"The backlight cannot be at {setting.BacklightPercent} percent; expected 0 to 100.");
        }

        if (setting.Thermal is { } heat && (heat.Celsius is not (>= -20 and <= 150) || heat.CriticalCelsius is not (null or (>= 40 and <= 200))))
        {
            throw new MachineException("The temperature is out of range; expected -20 to 150 °C, and a critical one of 40 to 200 °C.");
        }
    }

    /// <summary>A level alone is enough: the energies of a battery of 50 Wh go with it, or those of what was there before.</summary>
    private BatteryState Complete(BatteryState battery)
    {
        BatteryState? known = _batteries?.GetValueOrDefault(battery.Name) ?? _machine.Current.Batteries.FirstOrDefault(b => b.Name == battery.Name && b.Present);
        if (!battery.Present)
        {
            return new BatteryState(battery.Name, false, BatteryStatus.Unknown, null);
        }

        int full = battery.EnergyFullMilliwattHours ?? known?.EnergyFullMilliwattHours ?? 50_000;
        int? level = battery.LevelPercent ?? (battery.EnergyNowMilliwattHours is { } said ? (int)Math.Clamp((said * 100L + full / 2) / full, 0, 100) : known?.LevelPercent);
        int? now = battery.EnergyNowMilliwattHours ?? (level is { } percent ? (int)((long)full * percent / 100) : null);
        return battery with
        {
            LevelPercent = level,
            EnergyNowMilliwattHours = now is { } energy ? Math.Min(energy, full) : null,
            EnergyFullMilliwattHours = full,
            EnergyDesignMilliwattHours = battery.EnergyDesignMilliwattHours ?? known?.EnergyDesignMilliwattHours ?? full,
            RateMilliwatts = battery.RateMilliwatts ?? (battery.Status is BatteryStatus.Charging or BatteryStatus.Discharging ? known?.RateMilliwatts ?? 10_000 : 0),
            VoltageMillivolts = battery.VoltageMillivolts ?? known?.VoltageMillivolts ?? 11_400,
            DesignMillivolts = battery.DesignMillivolts ?? known?.DesignMillivolts ?? 11_400,
        };
    }

    private PowerState Merge(PowerState machine)
    {
        IReadOnlyList<BatteryState> batteries = _noBatteries ? [] : machine.Batteries;
        if (_batteries is not null)
        {
            batteries = [.. batteries.Where(b => !_batteries.ContainsKey(b.Name)).Concat(_batteries.Values).OrderBy(b => b.Name, StringComparer.Ordinal)];
        }

        BacklightState? backlight = _backlight is { } percent ? new BacklightState(machine.Backlight?.Name ?? "set", percent) : machine.Backlight;
        return new PowerState(batteries, _ac ?? machine.AcOnline, _lid ?? machine.LidOpen, backlight, _thermal ?? machine.Thermal)
        {
            IsSet = _batteries is not null || _noBatteries || _ac is not null || _lid is not null || _backlight is not null || _thermal is not null,
            LastEvent = _last,
        };
    }

    private void OnMachineChanged()
    {
        bool changed;
        lock (_lock)
        {
            PowerState merged = Merge(_machine.Current);
            changed = !merged.Equals(_current);
            _current = merged;
        }

        if (changed)
        {
            Announce();
        }
    }

    /// <summary>A lid that is set stays as it is set, whatever a person does to the real one.</summary>
    private void OnMachinePressed(PowerEvent e)
    {
        bool ours;
        lock (_lock)
        {
            ours = e.Sequence > _machineSequence && (_lid is null || e.Button is not (PowerButton.LidClosed or PowerButton.LidOpened));
            _machineSequence = Math.Max(_machineSequence, e.Sequence);
        }

        if (ours)
        {
            Press(e.Button, Hand.Machine);
        }
    }

    private void Press(PowerButton button, Hand hand)
    {
        PowerEvent pressed;
        lock (_lock)
        {
            if (_last?.Button == button && (_lastHand, hand) is (Hand.Machine, Hand.Seat) or (Hand.Seat, Hand.Machine) && DateTimeOffset.UtcNow - _last.At < SamePress)
            {
                return;
            }

            _lastHand = hand;
            _last = pressed = new PowerEvent(++_sequence, button, DateTimeOffset.UtcNow);
            _current = _current with { LastEvent = _last };
        }

        Announce();
        lock (_telling)
        {
            Pressed?.Invoke(pressed);
        }
    }

    private void Announce()
    {
        lock (_telling)
        {
            Changed?.Invoke();
        }
    }

    public void Dispose()
    {
        _machine.Changed -= OnMachineChanged;
        _machine.Pressed -= OnMachinePressed;
    }

    /// <summary>Who heard a button.</summary>
    private enum Hand : byte { Api, Machine, Seat }
}
