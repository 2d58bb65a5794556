using Hyperspace.Linux.Input;
using Hyperspace.Seat.Input;
using Hyperspace.Seat.Input.Sources;

namespace Hyperspace.Tests.Unit.Input.Sources;

/// <summary>Devices that a test plugs in, presses and unplugs, in the place of libinput.</summary>
internal sealed class ScriptedDevices : IInputBackend
{
    private readonly Queue<InputEvent> _waiting = new();
    private readonly Queue<InputEvent> _read = new();
    private readonly Dictionary<int, InputDeviceInfo> _devices = [];
    private readonly List<InputRefusal> _refusals = [];
    private int _last;

    /// <summary>What a seat's loop waits on; nothing ever wakes it.</summary>
    public int Fd { get; init; } = -1;
    public long Now { get; set; } = 1_000_000_000;
    public Dictionary<int, InputLeds> Leds { get; } = [];
    public List<int> Silenced { get; } = [];
    public IReadOnlyList<InputRefusal> Refusals => _refusals;

    public int Plug(InputDeviceKinds kinds, string name = "Keyboard", string serial = "", string path = "", int vendor = 1, int product = 1)
    {
        int id = ++_last;
        _devices[id] = new InputDeviceInfo(id, name, $"event{id}", "usb", vendor, product, serial, path, kinds);
        Put(new InputEvent(InputEventKind.DeviceAdded, id, 0, false, 0, 0, 0));
        return id;
    }

    /// <summary>As libinput does, without the releases of what it holds: the seat must not depend on them.</summary>
    public void Unplug(int device) => Put(new InputEvent(InputEventKind.DeviceRemoved, device, 0, false, 0, 0, 0));

    public void Key(int device, KeyCode key, bool down) => Put(new InputEvent(InputEventKind.Key, device, (int)key, down, 0, 0, Now));

    public void Put(in InputEvent e) => _waiting.Enqueue(e);

    public void Put(InputEventKind kind, int device, double x = 0, double y = 0, int code = 0, bool down = false) => Put(new InputEvent(kind, device, code, down, x, y, Now));

    public void Refuse(InputRefusal refusal) => _refusals.Add(refusal);

    public void Dispatch()
    {
        while (_waiting.TryDequeue(out InputEvent e))
        {
            _read.Enqueue(e);
        }
    }

    public bool TryRead(out InputEvent e) => _read.TryDequeue(out e);

    public InputDeviceInfo Describe(int device) => _devices[device];

    public bool IsGrabbed(int device) => true;

    public void SetLeds(int device, InputLeds leds) => Leds[device] = leds;

    public void Silence(int device) => Silenced.Add(device);

    public void RetryRefused() => _refusals.Clear();

    public void Suspend()
    {
    }

    public bool Resume() => true;

    public void Dispose()
    {
    }
}

/// <summary>Writes down in a few characters what a source says.</summary>
internal sealed class RecordingSink : IInputSink, IDeviceWatcher
{
    public List<string> Log { get; } = [];

    public string Take()
    {
        string all = string.Join(' ', Log);
        Log.Clear();
        return all;
    }

    public void Key(in KeyEvent e) => Log.Add($"{(e.Action switch { KeyAction.Down => "+", KeyAction.Up => "-", _ => "~" })}{e.Key}@{e.Device.Value}");

    public void Pointer(in PointerEvent e) => Log.Add(
        $"{(e.Absolute ? "to" : "by")}{e.X},{e.Y}" + ((e.Pressed | e.Released) == 0 ? "" : $"[{e.Pressed}/{e.Released}]"));

    public void DeviceLost(DeviceId device) => Log.Add($"lost@{device.Value}");

    public void DeviceFound(DeviceId device, InputDeviceInfo info) => Log.Add($"found@{device.Value}");

    public void DeviceTrouble(DeviceId device, string sentence) => Log.Add($"trouble@{device.Value}");
}
