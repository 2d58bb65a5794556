using Hyperspace.Seat.Input.Sources;

namespace Hyperspace.Seat.Input.Trust;

/// <summary>The seat behind the guard of its input.</summary>
public interface ITrustedSeat : IInputSink
{
    /// <summary>The attention key was pressed where its keys themselves must not pass.</summary>
    /// <param name="time">Nanoseconds of CLOCK_MONOTONIC.</param>
    void RaiseAttention(long time);
}

/// <summary>Whether the seat listens to a device.</summary>
public enum DeviceTrust : byte
{
    /// <summary>To all of it.</summary>
    Trusted,
    /// <summary>A new keyboard that somebody has to accept: the attention key, and the digits that accept it.</summary>
    Asked,
    /// <summary>A keyboard that somebody has refused: the attention key only.</summary>
    Refused,
    /// <summary>No keyboard, but something that has keys, such as a mouse with buttons for music: its pointer only.</summary>
    PointerOnly,
}

/// <summary>A device of the seat, as <c>seat devices</c> lists it.</summary>
/// <param name="Id">What it is remembered by: <see cref="DeviceIdentity"/>.</param>
/// <param name="Events">Events since it was plugged in, the ones that went nowhere included.</param>
public sealed record GuardedDevice(DeviceId Device, string Id, Linux.Input.InputDeviceInfo Info, DeviceTrust Trust, long Events, string? Trouble);

/// <summary>The keyboard that is asked about now.</summary>
/// <param name="Digits">What is to be typed on it; null while no more tries are taken.</param>
public sealed record KeyboardQuestion(string Id, string Name, string? Digits)
{
    /// <summary>What the bar says.</summary>
    public string Sentence => Digits is null
        ? $"New keyboard {DeviceText.Quoted(Name)}: too many wrong digits. Wait, or answer in the console."
        : $"New keyboard {DeviceText.Quoted(Name)}: type {Digits} on it to accept it, or answer in the console.";
}
