using Hyperspace.Machines;
using Hyperspace.Machines.Power.Policy;
using Hyperspace.Machines.Power.Rules;

namespace Hyperspace.Tests.Unit.Power;

/// <summary>The machine without logind, in a sysfs of the test's own.</summary>
public sealed class HostPowerTests : IDisposable
{
    private readonly DirectoryInfo _sys = Directory.CreateTempSubdirectory("hsys-");

    public void Dispose() => _sys.Delete(recursive: true);

    private HostPower Host(string powerOff = "/bin/true") => new(null, "There is no logind.", _sys.FullName, powerOff);

    private string Put(string path, string text)
    {
        string file = Path.Combine(_sys.FullName, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
        return file;
    }

    [Fact]
    public async Task A_machine_without_logind_sleeps_by_the_kernels_file()
    {
        string state = Put("power/state", "freeze mem disk\n");
        await Host().SuspendAsync(CancellationToken.None);
        Assert.Equal("mem", File.ReadAllText(state));
    }

    [Theory]
    [InlineData("freeze\n", "offers \"freeze\" and not mem")]
    [InlineData(null, "cannot be suspended")]
    public async Task A_machine_that_cannot_sleep_says_why(string? states, string why)
    {
        if (states is not null)
        {
            Put("power/state", states);
        }

        MachineException refused = await Assert.ThrowsAsync<MachineException>(() => Host().SuspendAsync(CancellationToken.None));
        Assert.Contains(states is null ? "cannot be suspended" : why, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_power_off_command_that_is_missing_or_fails_is_a_sentence()
    {
        await Host().PowerOffAsync(CancellationToken.None);
        await Assert.ThrowsAsync<MachineException>(() => Host("/bin/false").PowerOffAsync(CancellationToken.None));
        MachineException missing = await Assert.ThrowsAsync<MachineException>(() => Host("/nowhere/poweroff").PowerOffAsync(CancellationToken.None));
        Assert.Contains("run the daemon as root", missing.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<MachineException>(() => Host().LockAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Brightness_is_in_percent_and_of_several_backlights_the_firmwares_counts()
    {
        Put("class/backlight/intel_backlight/type", "raw\n");
        Put("class/backlight/intel_backlight/max_brightness", "937\n");
        string raw = Put("class/backlight/intel_backlight/brightness", "100\n");
        Put("class/backlight/acpi_video0/type", "firmware\n");
        Put("class/backlight/acpi_video0/max_brightness", "15\n");
        string brightness = Put("class/backlight/acpi_video0/brightness", "7\n");
        string power = Put("class/backlight/acpi_video0/bl_power", "0\n");
        HostPower host = Host();
        Assert.Equal(47, host.BrightnessPercent);
        Assert.Equal(100, await host.SetBrightnessAsync(250, CancellationToken.None));
        Assert.Equal("15", File.ReadAllText(brightness));
        await host.SetBrightnessAsync(1, CancellationToken.None);
        Assert.Equal("1", File.ReadAllText(brightness));
        await host.SetBrightnessAsync(0, CancellationToken.None);
        Assert.Equal(("0", "100\n"), (File.ReadAllText(brightness), File.ReadAllText(raw)));
        await host.BlankAsync(true, CancellationToken.None);
        Assert.Equal("4", File.ReadAllText(power));
        await host.BlankAsync(false, CancellationToken.None);
        Assert.Equal("0", File.ReadAllText(power));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-3")]
    [InlineData("bright")]
    public async Task A_backlight_that_lies_is_none(string most)
    {
        Put("class/backlight/b/max_brightness", most);
        Put("class/backlight/b/brightness", "5");
        Assert.Null(Host().BrightnessPercent);
        await Assert.ThrowsAsync<MachineException>(() => Host().SetBrightnessAsync(50, CancellationToken.None));
    }

    [Fact]
    public async Task A_machine_without_backlight_is_an_ordinary_case()
    {
        Assert.Null(Host().BrightnessPercent);
        Assert.Equal("This machine has no backlight that can be set.", (await Assert.ThrowsAsync<MachineException>(() => Host().BlankAsync(true, CancellationToken.None))).Message);
    }

    [Theory]
    [InlineData("card0-eDP-1", "connected\n", false)]
    [InlineData("card0-HDMI-A-1", "disconnected\n", false)]
    [InlineData("card0-HDMI-A-1", "connected\n", true)]
    [InlineData("card1-DP-3", "connected\n", true)]
    [InlineData("card0-Virtual-1", "connected\n", false)]
    public void An_external_monitor_is_one_on_a_plug(string connector, string status, bool external)
    {
        Put($"class/drm/{connector}/status", status);
        Assert.Equal(external, Monitors.IsExternalConnected(Path.Combine(_sys.FullName, "class", "drm")));
        Assert.False(Monitors.IsExternalConnected("/nowhere"));
    }
}
