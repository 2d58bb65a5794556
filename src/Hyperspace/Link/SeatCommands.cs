using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Link;

/// <summary>A command that the seat has not answered yet.</summary>
internal sealed class PendingCommand
{
    private readonly TaskCompletionSource<SeatAnswer> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>0 until it is sent.</summary>
    public long Id { get; set; }

    public Task<SeatAnswer> Answer => _answer.Task;

    public void Fail(SeatFailure failure, string why) => _answer.TrySetException(new SeatException(failure, why));

    public void Finish(SeatAnswer answer) => _answer.TrySetResult(answer);
}

/// <summary>The commands to the seat that have no answer yet; on the link's thread.</summary>
internal sealed class SeatCommands
{
    private readonly Dictionary<long, PendingCommand> _pending = [];
    private long _lastId;

    public SeatCommand Begin(PendingCommand command, string op, string? text, int? port)
    {
        command.Id = ++_lastId;
        _pending[command.Id] = command;
        return new SeatCommand(command.Id, op, text, port);
    }

    /// <param name="picture">Taken over; nobody may wait for it any more.</param>
    public void Finish(Answer answer, SafeFileHandle? picture)
    {
        if (!_pending.Remove(answer.Id, out PendingCommand? command))
        {
            picture?.Dispose();
        }
        else if (answer.Ok)
        {
            command.Finish(new SeatAnswer(answer, picture));
        }
        else
        {
            picture?.Dispose();
            command.Fail(SeatFailure.Refused, answer.Error ?? "The seat refuses and does not say why.");
        }
    }

    /// <summary>Nobody waits for it any more; an answer that still comes is thrown away.</summary>
    public void Forget(PendingCommand command) => _pending.Remove(command.Id);

    public void FailAll(string why)
    {
        foreach (PendingCommand command in _pending.Values)
        {
            command.Fail(SeatFailure.Gone, why);
        }

        _pending.Clear();
    }

    /// <summary>What is wrong with a seat's own account of itself; null when it can be passed on.</summary>
    public static string? Problem(SeatStatus? untrusted) => untrusted is { Output: not null, KeysDown: not null, Ports: not null, Port: >= 0 and <= 9 } && untrusted.Ports.All(IsWhole) && IsWholeSound(untrusted.Sound) && (untrusted.Devices?.All(IsWhole) ?? true) && (untrusted.Monitors?.All(IsWhole) ?? true)
        ? null
        : "It sent a status that lacks something.";

    private static bool IsWhole(SeatDevice? device) => device is { Id: not null, Name: not null, Kinds: not null, Bus: not null, Trust: not null } && device.Kinds.All(static k => k is not null);

    private static bool IsWholeSound(SoundStatus? sound) => sound is null or { Device: not null, Vms: not null } && (sound?.Vms.All(vm => vm is { Vm: not null, Label: not null, Heard: not null }) ?? true);

    private static bool IsWhole(SeatMonitor? monitor) => monitor is { Id: not null, Name: not null, Shows: not null };

    private static bool IsWhole(SeatPort? port) => port is { Label: not null, Color: not null, Screen: not null };
}
