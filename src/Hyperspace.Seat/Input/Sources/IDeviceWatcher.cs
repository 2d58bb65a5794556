using Hyperspace.Linux.Input;

namespace Hyperspace.Seat.Input.Sources;

/// <summary>What a source of real devices tells of them, beside their events. On the seat's thread.</summary>
public interface IDeviceWatcher
{
    /// <summary>A device has been taken; its events follow. <see cref="IInputSink.DeviceLost"/> ends it.</summary>
    void DeviceFound(DeviceId device, InputDeviceInfo info);

    /// <summary>Something about a device that people should know, as a sentence.</summary>
    void DeviceTrouble(DeviceId device, string sentence);
}
