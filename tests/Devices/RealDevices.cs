using System.Diagnostics;
using Hyperspace.Linux.Input;
using Hyperspace.Seat.Input;
using Hyperspace.Seat.Input.Sources;

namespace Hyperspace.Tests.Devices;

/// <summary>Software devices of this kernel and a seat's source that reads them: what is pressed on the one comes out of the other.</summary>
internal sealed class RealDevices : IInputSink, IDeviceWatcher, IDisposable
{
    /// <summary>Far more than an emulated CPU on a busy host needs; what has not come then does not come.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public RealDevices()
    {
        Backend = LibInputContext.TryOpen(new DirectDeviceOpener(), new PointerSettings(), out string? reason) ?? throw new InvalidOperationException(reason);
        Source = new LibinputSource(Backend, this, this);
        Source.Drain();
    }

    public LibInputContext Backend { get; }
    public LibinputSource Source { get; }
    public Dictionary<DeviceId, InputDeviceInfo> Present { get; } = [];
    public Queue<KeyEvent> Keys { get; } = new();
    public Queue<PointerEvent> Pointers { get; } = new();
    public List<DeviceId> Lost { get; } = [];
    public List<string> Troubles { get; } = [];
    public Func<bool>? Quiet { get; set; }

    public void Key(in KeyEvent e) => Keys.Enqueue(e);

    public void Pointer(in PointerEvent e) => Pointers.Enqueue(e);

    public void DeviceLost(DeviceId device)
    {
        Present.Remove(device);
        Lost.Add(device);
    }

    public void DeviceFound(DeviceId device, InputDeviceInfo info) => Present[device] = info;

    public void DeviceTrouble(DeviceId device, string sentence) => Troubles.Add(sentence);

    public void Until(Func<bool> done, string what)
    {
        var watch = Stopwatch.StartNew();
        Source.Drain();
        while (!done())
        {
            if (watch.Elapsed > Patience)
            {
                throw new TimeoutException($"waited for {what}, in vain");
            }

            Thread.Sleep(1);
            Source.Drain();
        }
    }

    /// <summary>Plugs a software device in and waits until the seat has it.</summary>
    public DeviceId Plug(string name, Func<UinputDevice> create, out UinputDevice device)
    {
        HashSet<DeviceId> before = [.. Present.Keys];
        device = create();
        DeviceId found = default;
        Until(() => Present.Any(d => !before.Contains(d.Key) && d.Value.UntrustedName == name && (found = d.Key).Value > 0), $"{name} to be found");
        return found;
    }

    public void Unplug(UinputDevice device, DeviceId id)
    {
        device.Dispose();
        Until(() => Lost.Contains(id), "the device to be lost");
    }

    public KeyEvent NextKey()
    {
        Until(() => Keys.Count > 0, "a key");
        return Keys.Dequeue();
    }

    public PointerEvent NextPointer()
    {
        Until(() => Pointers.Count > 0, "a pointer event");
        return Pointers.Dequeue();
    }

    public void Dispose()
    {
        Source.Dispose();
        Backend.Dispose();
    }
}
