using System.Globalization;
using Hyperspace.Protocols.Control;
using Hyperspace.Tests.Integration.Engine;
using static Hyperspace.Tests.Integration.Power.PowerHome;

namespace Hyperspace.Tests.Integration.Power;

/// <summary>Whatever the host's power does in whatever order: when it is quiet, a real Linux sees what the host has. A failure names its seed; HYPERSPACE_POWER_SEED plays that one again.</summary>
[Collection(QemuCollection.Name)]
public sealed class PowerProperties
{
    private const int Sequences = 8;

    [Fact]
    public async Task When_the_host_is_quiet_the_guest_sees_what_the_host_has()
    {
        await using var home = new PowerHome();
        LinuxGuest.Define(home.Engine, "vm", "mirror");
        home.Control.Set(new PowerSetting([ABattery(0, 21_000, BatteryStatus.Discharging)], AcOnline: false, LidOpen: true));
        await home.OpenAsync();
        await home.BootAsync("vm");
        int[] seeds = Environment.GetEnvironmentVariable("HYPERSPACE_POWER_SEED") is { } one ? [int.Parse(one, CultureInfo.InvariantCulture)] : [.. Enumerable.Range(1, Sequences)];
        foreach (int seed in seeds)
        {
            var steps = new List<string>();
            var random = new Random(seed);
            for (int count = random.Next(1, 13); count > 0; count--)
            {
                steps.Add(await StepAsync(home, random));
            }

            await home.AssertSeesAsync("vm", home.Control.Current, $"{Environment.NewLine}with HYPERSPACE_POWER_SEED={seed}: {string.Join("; ", steps)}");
        }
    }

    /// <returns>What was done.</returns>
    private static async Task<string> StepAsync(PowerHome home, Random random)
    {
        switch (random.Next(12))
        {
            case 0:
                home.Control.Set(new PowerSetting(AcOnline: random.Next(2) == 0));
                return $"charger {home.Control.Current.AcOnline}";
            case 1:
                home.Control.Set(new PowerSetting(LidOpen: random.Next(2) == 0));
                return $"lid open {home.Control.Current.LidOpen}";
            case 2:
                string pulled = $"BAT{random.Next(2)}";
                home.Control.Set(new PowerSetting([new BatteryState(pulled, false, BatteryStatus.Unknown, null)]));
                return $"{pulled} pulled out";
            case 3:
                int changes = random.Next(2, 200);
                for (int i = 0; i < changes; i++)
                {
                    home.Control.Set(new PowerSetting([Any(random)], AcOnline: random.Next(2) == 0, LidOpen: random.Next(2) == 0));
                }

                return $"{changes} changes";
            case 4 or 5 or 6:
                // Within the second for which Linux keeps what it read, and beyond it.
                var pause = TimeSpan.FromMilliseconds(random.Next(1, 1300));
                await Task.Delay(pause);
                return $"{pause.TotalMilliseconds} ms";
            case 7:
                await home.CloseAsync();
                home.Control.Set(new PowerSetting([Any(random)]));
                await home.OpenAsync();
                return "another daemon";
            default:
                BatteryState battery = Any(random);
                home.Control.Set(new PowerSetting([battery]));
                return $"{battery.Name} {battery.EnergyNowMilliwattHours} {battery.Status}";
        }
    }

    private static BatteryState Any(Random random) =>
        ABattery(random.Next(2), random.Next(100, 40_000), (BatteryStatus)random.Next(1, 3), random.Next(40_001, 57_000));
}
