using System.Buffers.Binary;

namespace Hyperspace.Machines.Engines.Qemu;

/// <summary>
/// System calls that a QEMU never needs and that the name spaces do not keep from it: other processes, new name spaces (from which most ways into a kernel lead), and what changes the
/// system. bubblewrap installs this before QEMU begins; QEMU adds its own, which also takes away starting programs. A classic BPF program (seccomp(2), linux/filter.h) for x86_64.
/// </summary>
internal static class SystemCallFilter
{
    private const uint ArchX86_64 = 0xC000003E;
    private const uint X32Bit = 0x4000_0000;
    private const uint Allow = 0x7FFF_0000;
    private const uint FailWithEperm = 0x0005_0001;
    private const uint FailWithEnosys = 0x0005_0026;

    /// <summary>CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET (linux/sched.h).</summary>
    private const uint NewNameSpaces = 0x7E02_0000;

    private const uint Clone = 56, Clone3 = 435, TgKill = 234;

    /// <summary>Signals between QEMU's own threads: SIGABRT, SIGUSR1 and glibc's two. The kernel cannot say here whose thread it is.</summary>
    private static readonly uint[] ThreadSignals = [6, 10, 32, 33];

    /// <summary>asm/unistd_64.h.</summary>
    private static readonly uint[] Denied =
    [
        101, 310, 311, 312, // ptrace, process_vm_readv, process_vm_writev, kcmp
        62, 200, 129, 297, 424, 434, 438, // kill, tkill, rt_sigqueueinfo, rt_tgsigqueueinfo, pidfd_send_signal, pidfd_open, pidfd_getfd
        272, 308, 165, 166, 155, 161, 428, 429, 430, 431, 432, 433, 442, // unshare, setns, mount, umount2, pivot_root, chroot, open_tree, move_mount, fsopen, fsconfig, fsmount, fspick, mount_setattr
        303, 304, // name_to_handle_at, open_by_handle_at
        321, 298, 323, 425, 426, 427, // bpf, perf_event_open, userfaultfd, io_uring_setup, io_uring_enter, io_uring_register
        248, 249, 250, // add_key, request_key, keyctl
        175, 313, 176, 246, 320, 169, // init_module, finit_module, delete_module, kexec_load, kexec_file_load, reboot
        167, 168, 163, 179, 103, 153, // swapon, swapoff, acct, quotactl, syslog, vhangup
        164, 227, 159, 305, // settimeofday, clock_settime, adjtimex, clock_adjtime
        172, 173, 154, // iopl, ioperm, modify_ldt
    ];

    /// <summary>The program as bubblewrap's <c>--seccomp</c> reads it: an array of struct sock_filter.</summary>
    public static byte[] Build()
    {
        var program = new Assembler();
        program.Load(4); // seccomp_data.arch
        program.Unless(ArchX86_64, FailWithEperm);
        program.Load(0); // seccomp_data.nr
        program.AtLeast(X32Bit, FailWithEperm);
        foreach (uint call in Denied)
        {
            program.When(call, FailWithEperm);
        }

        // clone3's flags lie in memory, where a filter cannot look; glibc then takes clone.
        program.When(Clone3, FailWithEnosys);
        program.Skip(Clone, instructions: 4);
        program.Load(16); // the low half of args[0]
        program.AnyBit(NewNameSpaces, FailWithEperm);
        program.Load(0);
        program.Skip(TgKill, instructions: 1 + ThreadSignals.Length * 2 + 1);
        program.Load(32); // the low half of args[2]
        foreach (uint signal in ThreadSignals)
        {
            program.When(signal, Allow);
        }

        program.Return(FailWithEperm);
        program.Return(Allow);
        return program.ToArray();
    }

    /// <summary>Each condition is followed by the return that it decides about, so that every jump is short.</summary>
    private sealed class Assembler
    {
        private const ushort LoadWord = 0x20, JumpEqual = 0x15, JumpGreaterOrEqual = 0x35, JumpSet = 0x45, ReturnConstant = 0x06;

        private readonly List<byte> _bytes = [];

        public void Load(uint offset) => Add(LoadWord, 0, 0, offset);

        public void Return(uint action) => Add(ReturnConstant, 0, 0, action);

        public void When(uint value, uint action)
        {
            Add(JumpEqual, 0, 1, value);
            Return(action);
        }

        public void Unless(uint value, uint action)
        {
            Add(JumpEqual, 1, 0, value);
            Return(action);
        }

        public void AtLeast(uint value, uint action)
        {
            Add(JumpGreaterOrEqual, 0, 1, value);
            Return(action);
        }

        public void AnyBit(uint bits, uint action)
        {
            Add(JumpSet, 0, 1, bits);
            Return(action);
        }

        /// <summary>What follows is for that value alone; others skip so many instructions.</summary>
        public void Skip(uint value, int instructions) => Add(JumpEqual, 0, checked((byte)instructions), value);

        public byte[] ToArray() => [.. _bytes];

        private void Add(ushort code, byte ifTrue, byte ifFalse, uint k)
        {
            Span<byte> instruction = stackalloc byte[8];
            BinaryPrimitives.WriteUInt16LittleEndian(instruction, code);
            (instruction[2], instruction[3]) = (ifTrue, ifFalse);
            BinaryPrimitives.WriteUInt32LittleEndian(instruction[4..], k);
            _bytes.AddRange(instruction);
        }
    }
}
