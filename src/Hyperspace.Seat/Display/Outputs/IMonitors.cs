namespace Hyperspace.Seat.Display.Outputs;

/// <summary>A monitor that is lit.</summary>
/// <param name="Id">What it is remembered by.</param>
/// <param name="Name">What it calls itself, else the name of its socket. Printable ASCII.</param>
/// <param name="Connector">The socket's name, such as <c>HDMI-A-1</c>.</param>
/// <param name="IsPrimary">The seat is on it: the console, and every port that has no monitor of its own.</param>
/// <param name="Port">1 to 9, the port that it shows; null for the primary and for its mirrors.</param>
/// <param name="Own">Where the picture of that port goes; null for the primary and for its mirrors. The same object as long as the monitor stays lit as it is.</param>
public sealed record LitMonitor(string Id, string Name, string Connector, int Width, int Height, bool IsPrimary, int? Port, IOutput? Own);

/// <summary>What the monitors are to show, as a person has chosen it. Monitors are meant by their ids.</summary>
/// <param name="PortOf">The port that a monitor is to show; null for a mirror.</param>
/// <param name="Primary">The one that is the primary whenever it is plugged in; null for none in particular.</param>
public sealed record MonitorChoice(Func<string, int?> PortOf, string? Primary)
{
    /// <summary>Every monitor shows what the primary shows, whichever that is.</summary>
    public static MonitorChoice None { get; } = new(static _ => null, null);
}

/// <summary>The several monitors of an output. All members are called on the seat's thread.</summary>
public interface IMonitors
{
    /// <summary>The primary first.</summary>
    IReadOnlyList<LitMonitor> Lit { get; }

    /// <summary>Set by the seat: <see cref="Lit"/> has changed. Outputs that are in it no more are disposed already.</summary>
    Action? Changed { get; set; }

    /// <summary>Lights the monitors so that each shows what it is to show, now and whenever one is plugged in or out.</summary>
    void Arrange(MonitorChoice choice);
}
