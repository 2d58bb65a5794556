using System.Diagnostics;

namespace Hyperspace.Tests.Unit.Power;

/// <summary>A machine's sys, proc and dev, in a folder of its own. Its input devices are pipes.</summary>
internal sealed class FakeSysfs : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("hsy-").FullName;

    public FakeSysfs Supply(string name, params string[] files)
    {
        string folder = Path.Combine(Root, "sys/class/power_supply", name);
        Directory.CreateDirectory(folder);
        foreach (string file in files)
        {
            string[] parts = file.Split('=', 2);
            File.WriteAllText(Path.Combine(folder, parts[0]), parts[1] + "\n");
        }

        return this;
    }

    public FakeSysfs Ac(bool online) => Supply("AC", "type=Mains", $"online={(online ? 1 : 0)}");

    public FakeSysfs Put(string path, string text)
    {
        string file = Path.Combine(Root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text + "\n");
        return this;
    }

    /// <param name="key">The bit list of its keys, as sysfs has it.</param>
    /// <returns>What a test writes events to.</returns>
    public FileStream Input(string name, string key = "0", string sw = "0")
    {
        Put($"sys/class/input/{name}/device/capabilities/key", key);
        Put($"sys/class/input/{name}/device/capabilities/sw", sw);
        string pipe = Path.Combine(Root, "dev/input", name);
        Directory.CreateDirectory(Path.GetDirectoryName(pipe)!);
        using Process made = Process.Start("mkfifo", [pipe]);
        made.WaitForExit();
        Assert.Equal(0, made.ExitCode);
        return new FileStream(pipe, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, 0);
    }

    public static byte[] Event(ushort type, ushort code, int value)
    {
        byte[] bytes = new byte[24];
        BitConverter.TryWriteBytes(bytes.AsSpan(16), type);
        BitConverter.TryWriteBytes(bytes.AsSpan(18), code);
        BitConverter.TryWriteBytes(bytes.AsSpan(20), value);
        return bytes;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
