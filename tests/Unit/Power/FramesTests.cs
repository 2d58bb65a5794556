using FsCheck;
using FsCheck.Fluent;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.PowerMailbox;

namespace Hyperspace.Tests.Unit.Power;

public sealed class FramesTests
{
    private static readonly BatteryState Half = new("BAT0", true, BatteryStatus.Discharging, 42, 21_000, 50_000, 52_000, 9_000, 11_500, 11_400, 100, 5_000, 2_500);

    [Fact]
    public void A_frame_is_a_register_and_five_times_seven_bits()
    {
        PowerRegisters before = PowerRegisters.None, after = PowerRegisters.Of(PowerState.None with { AcOnline = false });
        byte[] message = new byte[MailboxFrames.MaxMessage];
        int length = MailboxFrames.Write(after, before, after.NoticesAfter(before), message);

        // Register 0: AC exists and is off, no lid, which reads as open. Notices: AC, devices.
        Assert.Equal("800900000000FF1400000000", Convert.ToHexString(message[..length]));
    }

    [Fact]
    public void A_state_becomes_the_numbers_of_ACPI()
    {
        PowerRegisters r = PowerRegisters.Of(new PowerState([Half, new BatteryState("BAT1", false, BatteryStatus.Unknown, null)], true, false, null, new ThermalState(46, 100)));
        Assert.Equal([0x7u, 2732u + 460, 2732u + 1000], [r[0], r[1], r[2]]);
        Assert.Equal([2u, 1, 9_000, 21_000, 11_500, 52_000, 50_000, 11_400, 5_000, 2_500, 100], Enumerable.Range(0x10, 11).Select(i => r[i]));
        Assert.Equal(1u, r[0x20]);
    }

    [Fact]
    public void A_level_alone_makes_a_battery_and_the_unknown_is_all_ones()
    {
        PowerRegisters r = PowerRegisters.Of(PowerState.None with { Batteries = [new BatteryState("BAT0", true, BatteryStatus.Charging, 37)] });
        Assert.Equal([2u, 2, PowerRegisters.Unknown, 18_500, PowerRegisters.Unknown, 50_000, 50_000], Enumerable.Range(0x10, 7).Select(i => r[i]));
    }

    [Fact]
    public void A_nearly_empty_battery_is_critical_only_while_it_is_used()
    {
        PowerState Of(BatteryStatus status) => PowerState.None with { Batteries = [Half with { EnergyNowMilliwattHours = 1_000, Status = status }] };
        Assert.Equal(5u, PowerRegisters.Of(Of(BatteryStatus.Discharging))[0x11]);
        Assert.Equal(2u, PowerRegisters.Of(Of(BatteryStatus.Charging))[0x11]);
    }

    [Theory]
    [InlineData(99, 100.0)]
    [InlineData(150, 100.0)]
    [InlineData(150, null)]
    public void No_guest_is_told_of_a_heat_at_which_it_would_switch_itself_off(double celsius, double? critical)
    {
        PowerRegisters r = PowerRegisters.Of(PowerState.None with { Thermal = new ThermalState(celsius, critical) });
        Assert.True(r[1] + PowerRegisters.HeatMargin <= r[2], $"{r[1]} {r[2]}");
    }

    [Fact]
    public void Notices_say_what_is_new_and_nothing_else()
    {
        PowerState state = new([Half], true, true, null, null);
        Notices After(PowerState now) => PowerRegisters.Of(now).NoticesAfter(PowerRegisters.Of(state));
        Assert.Equal(Notices.None, After(state));
        Assert.Equal(Notices.Ac, After(state with { AcOnline = false }));
        Assert.Equal(Notices.Lid, After(state with { LidOpen = false }));
        Assert.Equal(Notices.Battery0Status, After(state with { Batteries = [Half with { EnergyNowMilliwattHours = 20_000 }] }));
        Assert.Equal(Notices.Battery0Status | Notices.Battery0Info, After(state with { Batteries = [Half with { EnergyFullMilliwattHours = 49_000 }] }));
        Assert.Equal(Notices.Battery1Status | Notices.Battery1Info | Notices.Devices, After(state with { Batteries = [Half, Half] }));
        Assert.Equal(Notices.Battery0Status | Notices.Battery0Info, After(state with { Batteries = [new BatteryState("BAT0", false, BatteryStatus.Unknown, null)] }));
    }

    public static Gen<PowerState> States { get; } =
        from count in Gen.Choose(0, 3)
        from levels in Gen.Choose(0, 100).ArrayOf(3)
        from status in Gen.Elements(Enum.GetValues<BatteryStatus>()).ArrayOf(3)
        from present in Gen.Elements(true, true, false).ArrayOf(3)
        from energy in Gen.Elements<int?>(null, 0, 1, 20_000, 49_999, int.MaxValue).ArrayOf(9)
        from ac in Gen.Elements<bool?>(null, true, false)
        from lid in Gen.Elements<bool?>(null, true, false)
        from heat in Gen.Elements<ThermalState?>(null, new ThermalState(30, null), new ThermalState(99, 100))
        select new PowerState(
            [.. Enumerable.Range(0, count).Select(i => present[i]
                ? new BatteryState($"BAT{i}", true, status[i], levels[i], energy[3 * i], energy[3 * i + 1], energy[3 * i + 2], RateMilliwatts: energy[3 * i])
                : new BatteryState($"BAT{i}", false, BatteryStatus.Unknown, null))], ac, lid, null, heat);

    /// <summary>Whatever the guest has seen before, also half a frame, after a message it has exactly the host's registers.</summary>
    [Fact]
    public void What_is_written_is_what_is_read() => Prop.ForAll(
        (from states in States.ArrayOf(6) from cut in Gen.Choose(0, MailboxFrames.MaxMessage) select (states, cut)).ToArbitrary(), input =>
        {
            var reader = new MailboxReader();
            byte[] message = new byte[MailboxFrames.MaxMessage];
            int length = MailboxFrames.Write(PowerRegisters.Of(input.states[0]), null, Notices.Everything, message);
            reader.Read(message.AsSpan(0, Math.Min(length, input.cut)));
            PowerRegisters? before = null;
            foreach (PowerRegisters now in input.states.Select(PowerRegisters.Of))
            {
                Notices notices = before is null ? Notices.Everything : now.NoticesAfter(before);
                length = MailboxFrames.Write(now, before, notices, message);
                Assert.Equal(notices, reader.Read(message.AsSpan(0, length)));
                Assert.Equal(Enumerable.Range(0, PowerRegisters.Count).Select(i => now[i]), Enumerable.Range(0, PowerRegisters.Count).Select(i => reader[i]));
                Assert.Equal(before is not null && now.Equals(before), before is not null && notices == Notices.None);
                before = now;
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));
}
