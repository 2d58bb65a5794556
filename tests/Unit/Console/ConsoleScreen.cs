using Hyperspace.Protocols.Control;
using Hyperspace.Seat.Console;
using Hyperspace.Seat.Display.Text;
using Hyperspace.Seat.Input;

namespace Hyperspace.Tests.Unit.ManagementConsole;

/// <summary>A console with its keyboard and its screen, as a person has them.</summary>
internal sealed class ConsoleScreen
{
    public static readonly DateTimeOffset Noon = new(2030, 1, 2, 12, 0, 0, TimeSpan.Zero);

    public ConsoleScreen(int columns = 80, int rows = 24)
    {
        Backend = new ScriptedBackend { Snapshot = new Snapshot(AHost(), [AVm("work", 1), AVm("lab", 2, VmState.Off), AVm("mail", 3)], null) };
        App = new ConsoleApp(Backend, new StoppedClock(this)) { Changed = () => Changes++ };
        Grid = new CellGrid(columns, rows);
        Draw();
    }

    public ScriptedBackend Backend { get; }

    public ConsoleApp App { get; }

    public CellGrid Grid { get; }

    public DateTimeOffset Now { get; set; } = Noon;

    /// <summary>How often the console has asked to be drawn.</summary>
    public int Changes { get; private set; }

    public string Text
    {
        get
        {
            Draw();
            return string.Join('\n', Enumerable.Range(0, Grid.Rows).Select(Grid.TextOf));
        }
    }

    public string Row(string containing) => Text.Split('\n').FirstOrDefault(row => row.Contains(containing, StringComparison.Ordinal)) ?? "";

    /// <summary>The row of the list that the selection bar is on.</summary>
    public string SelectedRow => Text.Split('\n').First(row => row.StartsWith('▸') || row.StartsWith('↕'));

    public void Draw() => App.Draw(Grid);

    /// <summary>Presses keys: names as in <see cref="ConsoleKeyName"/>, or single characters.</summary>
    public ConsoleScreen Press(params string[] keys)
    {
        foreach (string key in keys)
        {
            App.Key(Key(key));
            Draw();
        }

        return this;
    }

    public static ConsoleKeyPress Key(string key, KeyModifiers modifiers = KeyModifiers.None) => key.Length == 1
        ? new(ConsoleKeyName.Character, key[0], modifiers)
        : new(Enum.Parse<ConsoleKeyName>(key), '\0', modifiers);

    /// <summary>The daemon says how things are now.</summary>
    public void Tell(params VmStatus[] vms)
    {
        Backend.Snapshot = Backend.Snapshot! with { Vms = vms };
        App.DataChanged();
    }

    public static VmStatus AVm(string name, int? port, VmState state = VmState.Running, string? reason = null, string? label = null)
    {
        bool alive = state is VmState.Running or VmState.Paused or VmState.Stopping;
        return new VmStatus(
            name, label ?? char.ToUpperInvariant(name[0]) + name[1..], "#3b82f6", port, state, reason, 4096, 2, "kvm", alive ? 12.4 : 0, alive ? 1181116006 : 0,
            alive ? Noon - TimeSpan.FromMinutes(192) : null, 0, 1);
    }

    public static HostStatus AHost(params Degradation[] degraded) => new(
        "thinkpad", "Example CPU at 3 GHz", 4, 23, 16L << 30, 7L << 30, 500L << 30, 431L << 30, "kvm", "The CPU has hardware virtualisation and /dev/kvm opens.",
        "6.12.41-amd64", "10.0.2", "0.1.0", Noon - TimeSpan.FromHours(75), degraded);

    /// <summary>Stands still unless the test moves it.</summary>
    private sealed class StoppedClock(ConsoleScreen screen) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => screen.Now;
    }
}
