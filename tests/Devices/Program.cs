using Hyperspace.Linux.Input;
using Hyperspace.Seat.Input;
using Hyperspace.Seat.Input.Sources;
using Hyperspace.Tests.Devices;

// hyperspace-devices              checks everything and says how it went in its last line
// hyperspace-devices slow         all but the flood: an emulated CPU cannot send as many keys a second as a flood has
// hyperspace-devices watch N      prints what real devices send until N lines are out, for scripts that press them from outside
if (args is ["watch", var count])
{
    using var backend = LibInputContext.TryOpen(new DirectDeviceOpener(), new PointerSettings(), out string? reason) ?? throw new InvalidOperationException(reason);
    var printer = new Printer();
    using var source = new LibinputSource(backend, printer, printer);
    while (printer.Lines < int.Parse(count))
    {
        source.Drain();
        Thread.Sleep(1);
    }

    return 0;
}

int passed = 0, failed = 0;
using var devices = new RealDevices();
foreach ((string name, Action<RealDevices> check) in Checks.All.Where(check => args is not ["slow"] || check.Name != Checks.FloodName))
{
    try
    {
        check(devices);
        passed++;
        Console.WriteLine($"PASS {name}");
    }
    catch (Exception e)
    {
        failed++;
        Console.WriteLine($"FAIL {name}: {e}");
        devices.Keys.Clear();
        devices.Pointers.Clear();
        devices.Troubles.Clear();
    }
}

foreach (string complaint in LibInputContext.Complaints)
{
    Console.WriteLine($"libinput: {complaint}");
}

Console.WriteLine($"devices: {passed} passed, {failed} failed");
return failed == 0 ? 0 : 1;

internal sealed class Printer : IInputSink, IDeviceWatcher
{
    public int Lines { get; private set; }

    public void Key(in KeyEvent e) => Print($"key {e.Device.Value} {e.Key} {e.Action}");

    public void Pointer(in PointerEvent e) => Print($"pointer {e.Device.Value} {(e.Absolute ? "to" : "by")} {e.X} {e.Y} {e.Pressed} {e.Released}");

    public void DeviceLost(DeviceId device) => Print($"lost {device.Value}");

    public void DeviceFound(DeviceId device, InputDeviceInfo info) => Print($"found {device.Value} {info}");

    public void DeviceTrouble(DeviceId device, string sentence) => Print($"trouble {device.Value} {sentence}");

    private void Print(string line)
    {
        Lines++;
        Console.WriteLine(line);
    }
}
