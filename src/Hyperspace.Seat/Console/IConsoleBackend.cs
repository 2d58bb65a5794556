using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;

namespace Hyperspace.Seat.Console;

/// <summary>What the console shows and does, wherever it runs: in the seat or in a terminal. All calls and answers on the caller's thread.</summary>
public interface IConsoleBackend
{
    /// <summary>What the daemon said last; null before the first word of it.</summary>
    Snapshot? Snapshot { get; }

    /// <summary>Why there is no daemon to talk to now, for people; null while there is one.</summary>
    string? Problem { get; }

    /// <param name="done">Gets null, or an error sentence; possibly before this returns.</param>
    void Act(string vm, VmAction action, Action<string?> done);

    /// <inheritdoc cref="Act"/>
    void Move(string vm, int? port, Action<string?> done);

    /// <summary>The last lines of a log (<c>serial</c>, <c>qemu</c>, <c>events</c>); lines or an error sentence.</summary>
    void Log(string vm, string log, int maxLines, Action<IReadOnlyList<string>?, string?> done);

    /// <summary>False in a terminal's console without a seat: there is nothing to switch.</summary>
    bool CanSwitch { get; }

    /// <summary>Moves the seat's focus.</summary>
    /// <param name="port">0 to 9.</param>
    void SwitchTo(int port);

    /// <summary>What is heard at the seat; null when there is none, or one without sound.</summary>
    SoundStatus? Sound { get; }

    /// <summary>Changes the volume (0 to 100, up, down, mute, unmute), or mutes and unmutes a VM.</summary>
    /// <returns>Null, or an error sentence.</returns>
    string? SetSound(string what, string? vm);

    /// <summary>False when there is no seat, or one with one picture. Asked whenever the list of VMs is drawn.</summary>
    bool HasMonitors { get; }

    /// <summary>The seat's monitors, the primary first; null when there is no seat, or one with one picture.</summary>
    IReadOnlyList<SeatMonitor>? Monitors { get; }

    /// <summary>Shows a port on a monitor, or makes it a mirror.</summary>
    /// <param name="monitor">Its id.</param>
    /// <param name="port">1 to 9; null for a mirror.</param>
    /// <returns>Null, or an error sentence.</returns>
    string? SetMonitor(string monitor, int? port);

    /// <summary>Shows the seat on a monitor that is plugged in.</summary>
    /// <param name="monitor">Its id.</param>
    /// <returns>Null, or an error sentence.</returns>
    string? SetPrimaryMonitor(string monitor);
}
