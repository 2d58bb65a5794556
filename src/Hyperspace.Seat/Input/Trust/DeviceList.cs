using Hyperspace.Linux.Input;
using Hyperspace.Protocols.Control;
using Hyperspace.Seat.Input.Sources;

namespace Hyperspace.Seat.Input.Trust;

/// <summary>All devices for people and programs: those that are used, those that could not be taken, and those that are only remembered.</summary>
public static class DeviceList
{
    public static IReadOnlyList<SeatDevice> Of(TrustedInput guard, SeatInput input)
    {
        var list = new List<SeatDevice>();
        foreach (GuardedDevice device in guard.Devices)
        {
            list.Add(new SeatDevice(
                device.Id, DeviceText.Name(device.Info.UntrustedName), device.Info.Node, [.. KindsOf(device.Info.Kinds)], DeviceText.Token(device.Info.Bus), Word(device.Trust),
                input.IsGrabbed(device.Device), device.Events, device.Trouble));
        }

        foreach (InputRefusal refusal in input.Refusals)
        {
            list.Add(new SeatDevice(refusal.Node, DeviceText.Name(refusal.Name), refusal.Node, [], "", "not-taken", false, 0, SeatInput.Sentence(refusal)));
        }

        foreach (KnownDevice known in guard.Known.Where(k => !list.Exists(d => d.Id == k.Id)))
        {
            list.Add(new SeatDevice(known.Id, DeviceText.Name(known.Name), null, [], "", "absent", false, 0, null));
        }

        return list;
    }

    private static IEnumerable<string> KindsOf(InputDeviceKinds kinds) =>
        Enum.GetValues<InputDeviceKinds>().Where(kind => kind != InputDeviceKinds.None && kinds.HasFlag(kind)).Select(kind => kind.ToString().ToLowerInvariant());

    private static string Word(DeviceTrust trust) => trust switch
    {
        DeviceTrust.Trusted => "trusted",
        DeviceTrust.Asked => "asked",
        DeviceTrust.Refused => "refused",
        _ => "pointer-only",
    };
}
