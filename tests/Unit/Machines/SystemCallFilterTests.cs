using System.Buffers.Binary;
using Hyperspace.Machines.Engines.Qemu;

namespace Hyperspace.Tests.Unit.Machines;

public sealed class SystemCallFilterTests
{
    private const uint X86_64 = 0xC000003E, Allow = 0x7FFF0000, Eperm = 0x00050001, Enosys = 0x00050026;

    [Theory]
    [InlineData(0u, 0u, 0u, Allow)] // read
    [InlineData(59u, 0u, 0u, Allow)] // execve: setpriv and QEMU are started after this filter
    [InlineData(117u, 0u, 0u, Allow)] // setresuid
    [InlineData(101u, 0u, 0u, Eperm)] // ptrace
    [InlineData(62u, 0u, 9u, Eperm)] // kill
    [InlineData(272u, 0u, 0u, Eperm)] // unshare
    [InlineData(154u, 0u, 0u, Eperm)] // modify_ldt, the last of the list
    [InlineData(435u, 0u, 0u, Enosys)] // clone3
    [InlineData(56u, 0x3D0F00u, 0u, Allow)] // clone of a thread
    [InlineData(56u, 0x11u, 0u, Allow)] // clone as fork
    [InlineData(56u, 0x10000011u, 0u, Eperm)] // clone with CLONE_NEWUSER
    [InlineData(56u, 0x20000u, 0u, Eperm)] // clone with CLONE_NEWNS
    [InlineData(234u, 0u, 10u, Allow)] // tgkill with SIGUSR1
    [InlineData(234u, 0u, 6u, Allow)] // tgkill with SIGABRT
    [InlineData(234u, 0u, 9u, Eperm)] // tgkill with SIGKILL
    [InlineData(0x40000000u, 0u, 0u, Eperm)] // read of x32
    public void Each_call_is_decided_as_meant(uint call, uint argument0, uint argument2, uint expected) => Assert.Equal(expected, Run(X86_64, call, argument0, argument2));

    [Fact]
    public void Calls_of_another_architecture_are_refused() => Assert.Equal(Eperm, Run(0x40000003, 0, 0, 0));

    /// <summary>The kernel's rules for a classic BPF program, for the instructions that are used.</summary>
    private static uint Run(uint architecture, uint call, uint argument0, uint argument2)
    {
        byte[] program = SystemCallFilter.Build();
        uint accumulator = 0;
        for (int at = 0; ; at++)
        {
            ReadOnlySpan<byte> instruction = program.AsSpan(at * 8, 8);
            uint k = BinaryPrimitives.ReadUInt32LittleEndian(instruction[4..]);
            bool Jump(bool condition, ReadOnlySpan<byte> i)
            {
                at += condition ? i[2] : i[3];
                return true;
            }

            switch (BinaryPrimitives.ReadUInt16LittleEndian(instruction))
            {
                case 0x20:
                    accumulator = k switch { 0 => call, 4 => architecture, 16 => argument0, 32 => argument2, _ => throw new InvalidOperationException($"It loads from {k}.") };
                    break;
                case 0x15:
                    Jump(accumulator == k, instruction);
                    break;
                case 0x35:
                    Jump(accumulator >= k, instruction);
                    break;
                case 0x45:
                    Jump((accumulator & k) != 0, instruction);
                    break;
                case 0x06:
                    return k;
                default:
                    throw new InvalidOperationException($"Instruction {at} is unknown.");
            }
        }
    }
}
