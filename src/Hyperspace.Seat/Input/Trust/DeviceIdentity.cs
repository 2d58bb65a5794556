using System.Text.RegularExpressions;
using Hyperspace.Linux.Input;
using Hyperspace.Seat.Input.Sources;

namespace Hyperspace.Seat.Input.Trust;

/// <summary>
/// What a device is remembered by: bus, vendor, product and its serial number; without a serial number the place where it is plugged in. All of it is the device's own word: who copies it is taken for it
/// (docs/trusted-input.md).
/// </summary>
public static partial class DeviceIdentity
{
    /// <summary>Such as <c>usb:046d:c31c:A1B2</c>, or <c>usb:046d:c31c@pci-0000_00_14.0-usb-0_2</c>. Letters, digits and <c>. _ - : @</c> only.</summary>
    public static string Of(InputDeviceInfo info)
    {
        string bus = info.Bus.Length == 0 ? "other" : DeviceText.Token(info.Bus);
        string kind = $"{bus}:{info.Vendor & 0xFFFF:x4}:{info.Product & 0xFFFF:x4}";
        if (info.UntrustedSerial.Length > 0)
        {
            return $"{kind}:{DeviceText.Token(info.UntrustedSerial)}";
        }

        // One keyboard is often two devices, interfaces 1.0 and 1.1 of the same plug.
        string place = info.Path.Length > 0 ? UsbInterface().Replace(info.Path, "") : info.UntrustedName;
        return $"{kind}@{DeviceText.Token(place)}";
    }

    [GeneratedRegex(@":\d+\.\d+$", RegexOptions.CultureInvariant)]
    private static partial Regex UsbInterface();
}
