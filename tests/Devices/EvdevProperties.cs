using FsCheck;
using FsCheck.Fluent;
using Hyperspace.Linux.Input;
using Hyperspace.Seat.Input;
using Hyperspace.Seat.Input.Routing;
using Hyperspace.Tests.Unit.Input;

namespace Hyperspace.Tests.Devices;

/// <summary>
/// The property test of the router with real keyboards in between: each key goes through uinput, the kernel, libinput and the seat's source before the router gets it, with the script's time. Lost devices are
/// unplugged. What no kernel can do (a repeat of a key that is up, a second press) is left out of the scripts, and a device that goes releases its keys first, as libinput promises.
/// </summary>
internal sealed class EvdevProperties(RealDevices devices) : IDisposable
{
    private readonly Dictionary<int, (UinputDevice Device, DeviceId Id)> _plugged = [];

    public int Keys { get; private set; }

    public void Hold(int scripts) =>
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(scripts).WithEndSize(40).WithQuietOnSuccess(true),
            Prop.ForAll(Script.Arbitrary, script => new ScriptPlayer(Send, Lose).Play(Possible(script))));

    /// <summary>What a kernel can do of a script.</summary>
    private static Script Possible(Script script)
    {
        var down = new Dictionary<int, KeySet>();
        var ops = new List<Op>();
        void Release(int device)
        {
            foreach (KeyCode key in down.GetValueOrDefault(device))
            {
                ops.Add(new Op(OpKind.Key, device, key, KeyAction.Up));
            }

            down.Remove(device);
        }

        foreach (Op op in script.Ops)
        {
            KeySet held = down.GetValueOrDefault(op.Device);
            switch (op.Kind)
            {
                case OpKind.Key when op.Action == KeyAction.Repeat || (op.Action == KeyAction.Down) == held.Contains(op.Key):
                case OpKind.Resync:
                    continue;
                case OpKind.Key:
                    _ = op.Action == KeyAction.Down ? held.Add(op.Key) : held.Remove(op.Key);
                    down[op.Device] = held;
                    break;
                case OpKind.Lost:
                    Release(op.Device);
                    break;
            }

            ops.Add(op);
        }

        foreach (int device in down.Keys.ToArray())
        {
            Release(device);
        }

        return new Script(ops);
    }

    private void Send(Router router, KeyEvent e)
    {
        if (!_plugged.TryGetValue(e.Device.Value, out (UinputDevice Device, DeviceId Id) keyboard))
        {
            string name = $"Software keyboard {e.Device.Value}";
            DeviceId id = devices.Plug(name, () => UinputDevice.Keyboard(name, 0x1209, (ushort)e.Device.Value), out UinputDevice device);
            _plugged[e.Device.Value] = keyboard = (device, id);
        }

        keyboard.Device.Key((int)e.Key, e.Action == KeyAction.Down);
        KeyEvent came = devices.NextKey();
        if (came.Device != keyboard.Id || came.Key != e.Key || came.Action != e.Action || devices.Keys.Count > 0)
        {
            throw new InvalidOperationException($"{e.Action} of {e.Key} was pressed on {keyboard.Id}, but {came.Action} of {came.Key} came from {came.Device}, and {devices.Keys.Count} more");
        }

        Keys++;
        router.Key(e with { Key = came.Key, Action = came.Action });
    }

    private void Lose(Router router, DeviceId device)
    {
        if (_plugged.Remove(device.Value, out (UinputDevice Device, DeviceId Id) keyboard))
        {
            devices.Unplug(keyboard.Device, keyboard.Id);
        }

        router.DeviceLost(device);
    }

    public void Dispose()
    {
        foreach ((UinputDevice device, DeviceId id) in _plugged.Values)
        {
            devices.Unplug(device, id);
        }
    }
}
