using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using Hyperspace.Linux;
using Hyperspace.Linux.Input;

namespace Hyperspace.Tests.Unit.Linux;

/// <summary>What is declared of the kernel's and of libinput's interfaces is what they are.</summary>
public sealed class InputAbiTests
{
    /// <summary>linux/input.h and linux/uinput.h on machines with 64 bits, as C expressions and what they are.</summary>
    private static readonly (string Expression, long Declared)[] Kernel =
    [
        ("EVIOCGRAB", LibInputContext.Grab), ("UI_SET_EVBIT", UinputDevice.SetEventBit), ("UI_SET_KEYBIT", UinputDevice.SetKeyBit), ("UI_SET_RELBIT", UinputDevice.SetRelativeBit),
        ("UI_SET_ABSBIT", UinputDevice.SetAbsoluteBit), ("UI_SET_LEDBIT", UinputDevice.SetLedBit), ("UI_DEV_SETUP", UinputDevice.DeviceSetup), ("UI_ABS_SETUP", UinputDevice.AbsoluteSetup),
        ("UI_DEV_CREATE", UinputDevice.DeviceCreate), ("UI_DEV_DESTROY", UinputDevice.DeviceDestroy),
        ("sizeof(struct input_event)", Marshal.SizeOf<UinputDevice.Event>()), ("sizeof(struct uinput_setup)", Marshal.SizeOf<UinputDevice.Setup>()),
        ("sizeof(struct uinput_abs_setup)", Marshal.SizeOf<UinputDevice.AbsSetup>()),
        ("__builtin_offsetof(struct uinput_setup, ff_effects_max)", Marshal.OffsetOf<UinputDevice.Setup>(nameof(UinputDevice.Setup.ForceFeedbackEffects))),
        ("__builtin_offsetof(struct uinput_abs_setup, absinfo.resolution)", Marshal.OffsetOf<UinputDevice.AbsSetup>(nameof(UinputDevice.AbsSetup.Resolution))),
        ("__builtin_offsetof(struct input_event, value)", Marshal.OffsetOf<UinputDevice.Event>(nameof(UinputDevice.Event.Value))),
    ];

    /// <summary>The same from the kernel's documentation, for machines without a compiler.</summary>
    private static readonly long[] Documented =
        [0x40044590, 0x40045564, 0x40045565, 0x40045566, 0x40045567, 0x40045569, 0x405C5503, 0x401C5504, 0x5501, 0x5502, 24, 92, 28, 88, 24, 20];

    [Fact]
    public void Numbers_and_structures_are_the_kernels()
    {
        Assert.Equal(Documented, Kernel.Select(k => k.Declared));
        if (File.Exists("/usr/bin/cc") && File.Exists("/usr/include/linux/uinput.h"))
        {
            Assert.Equal(Documented, AskCompiler());
        }
    }

    [Fact]
    public void Every_function_that_is_declared_is_in_its_library()
    {
        Type[] types = [typeof(LibInput), typeof(LibUdev)];
        var missing = new List<string>();
        int seen = 0;
        foreach (MethodInfo method in types.SelectMany(t => t.GetMethods(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public)))
        {
            if (method.GetCustomAttribute<LibraryImportAttribute>() is { } import)
            {
                seen++;
                if (!NativeLibrary.TryGetExport(NativeLibrary.Load(import.LibraryName), import.EntryPoint!, out _))
                {
                    missing.Add(import.EntryPoint!);
                }
            }
        }

        Assert.Empty(missing);
        Assert.InRange(seen, 50, 200);
    }

    [Fact]
    public void The_kernels_random_numbers_fill_their_range_and_stay_in_it()
    {
        var seen = new HashSet<int>();
        for (int i = 0; i < 2000; i++)
        {
            int number = KernelRandom.Below(10);
            Assert.InRange(number, 0, 9);
            seen.Add(number);
        }

        Assert.Equal(10, seen.Count);
        Assert.Equal(0, KernelRandom.Below(1));
    }

    private static IEnumerable<long> AskCompiler()
    {
        string folder = Directory.CreateTempSubdirectory("hs-abi").FullName;
        try
        {
            string source = Path.Combine(folder, "abi.c"), program = Path.Combine(folder, "abi");
            string prints = string.Concat(Kernel.Select(k => $"printf(\"%ld\\n\", (long)({k.Expression}));"));
            File.WriteAllText(source, $"#include <linux/uinput.h>\n#include <stdio.h>\nint main(void) {{ {prints} return 0; }}\n");
            Run("/usr/bin/cc", "-o", program, source);
            return [.. Run(program).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(long.Parse)];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return output;
    }
}
