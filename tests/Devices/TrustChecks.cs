using Hyperspace.Linux.Input;
using Hyperspace.Seat.Input;
using Hyperspace.Seat.Input.Sources;
using Hyperspace.Seat.Input.Trust;

namespace Hyperspace.Tests.Devices;

/// <summary>The guard of the seat's input on software keyboards of this kernel.</summary>
internal static class TrustChecks
{
    public static void NewKeyboard(RealDevices devices)
    {
        using UinputDevice old = UinputDevice.Keyboard("Board old", 0x1209, 1);
        devices.Until(() => devices.Present.Values.Any(d => d.UntrustedName == "Board old"), "the old keyboard");

        // The guard has the devices for itself for a while.
        devices.Backend.Suspend();
        devices.Source.Drain();
        using (LibInputContext backend = LibInputContext.TryOpen(new DirectDeviceOpener(), new PointerSettings(), out string? reason) ?? throw new InvalidOperationException(reason))
        {
            var seat = new Seat();
            var guard = new TrustedInput(seat, SeatMemory.Transient(), strict: false, TimeProvider.System);
            using var source = new LibinputSource(backend, guard, guard);
            source.Drain();
            guard.Started();
            Press(old, KeyCode.A);
            Until(source, () => seat.Log.Count >= 2, "the old keyboard's A");
            Assert.Equal("+A -A", seat.Take());
            AcceptAndComeBack(source, guard, seat);
        }

        Assert.True(devices.Backend.Resume());
        old.Dispose();
        devices.Until(() => devices.Present.Values.All(d => d.UntrustedName != "Board old"), "its end");
        devices.Keys.Clear();
        devices.Lost.Clear();
    }

    private static void AcceptAndComeBack(LibinputSource source, TrustedInput guard, Seat seat)
    {
        UinputDevice fresh = UinputDevice.Keyboard("Board new", 0x1209, 2);
        Until(source, () => guard.Question is not null, "the question");
        Assert.Equal("Board new", guard.Question!.Name);
        Press(fresh, KeyCode.B, KeyCode.Enter);
        foreach (KeyCode key in (KeyCode[])[KeyCode.RightCtrl, KeyCode.LeftAlt, KeyCode.Esc])
        {
            fresh.Key((int)key, true);
        }

        Until(source, () => seat.Attentions == 1, "the attention key");
        foreach (KeyCode key in (KeyCode[])[KeyCode.RightCtrl, KeyCode.LeftAlt, KeyCode.Esc])
        {
            fresh.Key((int)key, false);
        }

        Press(fresh, [.. guard.Question!.Digits!.Select(digit => digit == '0' ? KeyCode.D0 : (KeyCode)((int)KeyCode.D1 + digit - '1'))]);
        Until(source, () => guard.Question is null, "the keyboard to be accepted");
        Assert.Equal("", seat.Take());
        Press(fresh, KeyCode.C);
        Until(source, () => seat.Log.Count >= 2, "its C");
        Assert.Equal("+C -C", seat.Take());
        fresh.Dispose();
        Until(source, () => guard.Devices.All(d => d.Info.UntrustedName != "Board new"), "its end");
        seat.Take();
        fresh = UinputDevice.Keyboard("Board new", 0x1209, 2);
        Until(source, () => guard.Devices.Any(d => d.Info.UntrustedName == "Board new"), "its return");
        Assert.Null(guard.Question);
        Press(fresh, KeyCode.D);
        Until(source, () => seat.Log.Count >= 2, "its D");
        Assert.Equal("+D -D", seat.Take());
        fresh.Dispose();
    }

    private static void Press(UinputDevice device, params ReadOnlySpan<KeyCode> keys)
    {
        foreach (KeyCode key in keys)
        {
            device.Key((int)key, true);
            device.Key((int)key, false);
        }
    }

    private static void Until(LibinputSource source, Func<bool> done, string what)
    {
        for (int i = 0; i < 10_000; i++)
        {
            source.Drain();
            if (done())
            {
                return;
            }

            Thread.Sleep(1);
        }

        throw new TimeoutException($"waited for {what}, in vain");
    }

    private sealed class Seat : ITrustedSeat
    {
        public List<string> Log { get; } = [];
        public int Attentions { get; private set; }

        public string Take()
        {
            string all = string.Join(' ', Log);
            Log.Clear();
            return all;
        }

        public void Key(in KeyEvent e) => Log.Add((e.Action == KeyAction.Down ? "+" : "-") + e.Key);

        public void Pointer(in PointerEvent e)
        {
        }

        public void DeviceLost(DeviceId device)
        {
        }

        public void RaiseAttention(long time) => Attentions++;
    }
}
