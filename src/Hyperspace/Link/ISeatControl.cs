using Hyperspace.Protocols.Link;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Link;

/// <summary>What users of the control API ask of the seat goes through here.</summary>
internal interface ISeatControl
{
    /// <summary>Passes a command to the seat and waits for its answer.</summary>
    /// <param name="op">As in <see cref="SeatCommand"/>.</param>
    /// <param name="patience">How long the seat may take.</param>
    /// <exception cref="SeatException">There is no seat, it refuses, it ends meanwhile, or it takes too long.</exception>
    Task<SeatAnswer> AskAsync(string op, string? text, int? port, TimeSpan patience, CancellationToken cancel);
}

/// <summary>What the seat answered, and the descriptor that came with it.</summary>
internal sealed record SeatAnswer(Answer Answer, SafeFileHandle? Picture) : IDisposable
{
    public void Dispose() => Picture?.Dispose();
}

/// <summary>Why the seat did not do what it was asked.</summary>
internal enum SeatFailure
{
    /// <summary>No seat is connected, or it ended before it answered.</summary>
    Gone,
    /// <summary>It does not answer.</summary>
    Silent,
    /// <summary>It says why not.</summary>
    Refused,
    /// <summary>What it answered makes no sense.</summary>
    Garbled,
}

/// <summary>The seat did not do what it was asked. The message is for people.</summary>
internal sealed class SeatException(SeatFailure failure, string message) : Exception(message)
{
    public SeatFailure Failure => failure;
}
