using Hyperspace.Client;
using Hyperspace.Commands;
using Hyperspace.Commands.Seat;
using Hyperspace.Machines;
using Hyperspace.Protocols.Control;
using Hyperspace.Tests.Unit.Api;

namespace Hyperspace.Tests.Unit.Commands;

/// <summary>What people read, letter by letter, and the exit codes that scripts see.</summary>
public sealed class OutputTests
{
    [Fact]
    public void The_host_is_a_column_of_names_and_one_of_values()
    {
        using var output = new StringWriter();
        HostCommand.Print(new ScriptedFleet().Host with { BootedAt = new DateTimeOffset(new DateTime(2026, 11, 24, 8, 7, 0, DateTimeKind.Local)) }, output);
        Assert.Equal("""
            host         testhost
            CPU          Test CPU, 2 CPUs, 12.5 % busy
            memory       4.0 of 8.0 GiB available
            disk         50.0 of 100.0 GiB free
            accelerator  tcg: There is no /dev/kvm.
            kernel       6.12.0
            QEMU         10.0.2
            Hyperspace   0.1.0
            up since     2026-11-24 08:07

            degraded  CPUs are emulated
            why       no KVM
            remedy    another machine

            """, output.ToString());
    }

    [Fact]
    public void The_seat_is_told_with_a_table_of_its_ports()
    {
        using var output = new StringWriter();
        SeatControlCommands.Print(new SeatStatus(2, "lab", "headless", 1280, 800, [29, 46], 7, 2449.173,
        [
            new SeatPort(1, "work", "Work", "#336699", "off", 0, 0, 0),
            new SeatPort(2, "lab", "The laboratory", "#993366", "live", 1280, 776, 124),
        ])
        {
            Sound = new SoundStatus("default", "nothing is plugged in", 45, true, []),
        }, output);
        Assert.Equal("""
            focus      port 2, The laboratory (lab)
            output     headless, 1280x800
            keys down  29 46
            switches   7, the last one took 2.45 ms
            volume     45 %, muted, no sound: nothing is plugged in

            PORT  VM    LABEL           SCREEN  SIZE      FRAMES
            1     work  Work            off     -         0
            2     lab   The laboratory  live    1280x776  124

            """, output.ToString());
    }

    [Fact]
    public void A_failure_is_its_message_and_the_causes_that_say_more()
    {
        using var error = new StringWriter();
        Failures.Print(new MachineException("lab cannot be started: The disk is full.", new IOException("The disk is full.", new IOException("No space left on device"))), error);
        Assert.Equal("lab cannot be started: The disk is full.\n  because: No space left on device\n", error.ToString());
        Assert.True(Failures.IsForPeople(new ControlException("x")));
        Assert.False(Failures.IsForPeople(new NullReferenceException()));
    }

    [Theory]
    [InlineData(2, "fly")]
    [InlineData(2, "host", "--colour")]
    [InlineData(2, "seat", "switch", "10")]
    [InlineData(2, "seat", "switch", "-1")]
    [InlineData(2, "seat", "screenshot", "--port", "10", "x.png")]
    [InlineData(2, "seat", "screenshot")]
    [InlineData(2, "seat", "--output", "paper")]
    [InlineData(2, "seat", "--width", "639")]
    [InlineData(0, "--version")]
    [InlineData(0, "--help")]
    [InlineData(0, "seat", "press", "--help")]
    public void A_wrong_command_line_is_2_and_help_is_0(int expected, params string[] arguments) => Assert.Equal(expected, Root.Invoke(arguments));
}
