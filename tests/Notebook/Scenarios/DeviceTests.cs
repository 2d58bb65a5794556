using Hyperspace.Tests.Notebook.Rig;

namespace Hyperspace.Tests.Notebook.Scenarios;

/// <summary>What tests/Devices checks of input, on this notebook's kernel: uinput, evdev, udev and libinput.</summary>
public sealed class DeviceTests
{
    [Fact]
    public void WhatIsPromisedOfInputHoldsOverTheKernelsDevices()
    {
        using Rig.Notebook notebook = NotebookFixture.Open();

        // The seat has the devices for itself.
        notebook.Sh("kill $(pgrep -o -f 'seat --output drm')");
        notebook.Until("the seat is gone", () => notebook.Status() is null);
        notebook.Sh("SCRIPTS=30 setsid /program/devices/hyperspace-devices slow </dev/null >/tmp/devices.log 2>&1 &");

        // Each check has its own patience: all of them together take a slow notebook longer than one may.
        string[] lines = [];
        while (lines is not [.., var last] || !last.StartsWith("devices: ", StringComparison.Ordinal))
        {
            int seen = lines.Length;
            notebook.Until($"check {seen + 1} is done", () => (lines = notebook.Sh("cat /tmp/devices.log").Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Length > seen);
        }

        System.Console.Error.WriteLine(string.Join(Environment.NewLine, lines));
        Assert.DoesNotContain(lines, line => line.StartsWith("FAIL", StringComparison.Ordinal));
        Assert.Equal("devices: 13 passed, 0 failed", lines[^1]);
        Assert.Contains("PASS the router's properties hold over evdev", lines);
    }
}
