using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Hyperspace.Machines.Power.Table;

namespace Hyperspace.Tests.Notebook.Rig;

/// <summary>
/// A notebook that has been switched on once: its daemon, three VMs and the seat on its screen run, and a snapshot of all that is what every scenario begins with.
/// The snapshot is kept for the next run as long as the program and the image are the same.
/// </summary>
public sealed class NotebookFixture
{
    private static readonly Lazy<NotebookFixture> Only = new(static () => new NotebookFixture());

    private readonly string _snapshot;
    private readonly LaptopFiles _files;

    private NotebookFixture()
    {
        string top = Setting("HYPERSPACE_TOP"), program = Setting("HYPERSPACE_PROGRAM"), cache = Setting("HYPERSPACE_CACHE");
        string image = Path.Combine(cache, "notebook"), work = Path.Combine(top, ".build", "notebook");
        Pictures = Path.Combine(work, "pictures");
        Directory.CreateDirectory(Pictures);
        _snapshot = Path.Combine(work, "snapshot");
        _files = new LaptopFiles(Path.Combine(image, "vmlinuz"), Path.Combine(image, "initrd"), Path.Combine(image, "root.ext2"), Path.Combine(work, "program.img"), Path.Combine(work, "power.aml"));
        File.WriteAllBytes(_files.PowerTable, PowerTable.Bytes);
        string devices = DevicesFolder(top);
        string key = Key([program, .. Directory.GetFiles(devices, "hyperspace-devices*"), .. Directory.GetFiles(devices, "Hyperspace.*.dll")], Path.Combine(image, "fingerprint"), Path.Combine(top, "tests", "Notebook", "image"), _files);
        string keyFile = Path.Combine(work, "key");
        if (File.Exists(keyFile) && File.ReadAllText(keyFile) == key)
        {
            return;
        }

        File.Delete(keyFile);
        Run(Path.Combine(top, "tests", "Notebook", "image", "pack"), program, devices, Path.Combine(cache, "guests"), image, _files.Program);
        Prepare();
        File.WriteAllText(keyFile, key);
    }

    /// <summary>Where photographs are kept.</summary>
    public string Pictures { get; }

    /// <summary>A notebook of its own for one scenario, just as the snapshot was taken. The first caller switches the notebook on.</summary>
    public static Notebook Open([System.Runtime.CompilerServices.CallerMemberName] string scenario = "") => Only.Value.Restore(scenario);

    /// <summary>
    /// QEMU (10.0.2, and newer ones until at least 2026) refuses about one restore in sixteen of a graphics card with two outputs, with "Missing section footer for virtio-gpu". Whether an output's frame buffer is
    /// part of the state is asked of the card by the first output's place (hw/display/virtio-gpu.c, scanout_vmstate_after_v2), so for the second one a byte 128 bytes further answers, the lowest of a pointer: is it 0 or
    /// 1 in one of the two machines and not in the other, saving and restoring differ. Each process has another pointer, so a machine that does not come up is tried again, before anything of the scenario has been
    /// done, and that is said.
    /// </summary>
    private Notebook Restore(string scenario, int tries = 4)
    {
        for (int i = 1; ; i++)
        {
            try
            {
                return new Notebook(Start(), Pictures, scenario);
            }
            catch (RigException e) when (i < tries)
            {
                System.Console.Error.WriteLine($"{scenario}: the notebook is restored again, after try {i} of {tries}: {e.Message.TrimEnd()}");
            }
        }

        Laptop Start() => Laptop.Restore(Directory.CreateTempSubdirectory("nb").FullName, _files, _snapshot);
    }

    /// <summary>An emulated machine hangs now and then; a second one is tried, and that is said.</summary>
    private void Prepare()
    {
        try
        {
            TakeSnapshot();
        }
        catch (RigException e)
        {
            System.Console.Error.WriteLine($"The notebook is started a second time: {e.Message}");
            TakeSnapshot();
        }
    }

    /// <summary>
    /// A snapshot is good when it has been restored once. One that two restores refuse is taken again a moment later: an emulated CPU that was stopped while it ran a VM cannot be restored at all ("vCPU set in
    /// guest-mode inconsistent with migrated kernel nested state": cpu_post_load in target/i386/machine.c looks for KVM's state).
    /// </summary>
    private void TakeSnapshot()
    {
        string folder = Directory.CreateTempSubdirectory("nb").FullName;
        Laptop laptop = Laptop.Boot(folder, _files);
        System.Console.Error.WriteLine($"The notebook and its VMs were up after {laptop.Clock}.");
        using var notebook = new Notebook(laptop, Pictures, "start");
        notebook.StartSeat();
        System.Console.Error.WriteLine($"Its seat was on the screen after {laptop.Clock}.");
        for (int left = 5; ; left--)
        {
            laptop.Save(_snapshot);
            try
            {
                Restore("trial", tries: 2).Dispose();
                return;
            }
            catch (RigException e) when (left > 0)
            {
                System.Console.Error.WriteLine($"The snapshot is taken again: {e.Message.TrimEnd()}");
                laptop.Resume();
            }
        }
    }

    private static string Key(string[] programs, string fingerprint, string recipes, LaptopFiles laptop)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(string.Join(' ', Laptop.Arguments("", laptop))));
        string[] files = [.. programs.Order(StringComparer.Ordinal), fingerprint, .. Directory.GetFiles(recipes, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        foreach (string file in files)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(file));
            hash.AppendData(File.ReadAllBytes(file));
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    /// <summary>Where tests/Devices is built: in the same configuration as the tests that this is part of; benchmarks take it as ./bench builds it.</summary>
    private static string DevicesFolder(string top)
    {
        string[] own = AppContext.BaseDirectory.TrimEnd('/').Split('/');
        string configuration = own[^1] == "benchmarks" ? "Debug" : own[^2];
        string folder = Path.Combine(top, "tests", "Devices", "bin", configuration, $"net{Environment.Version.ToString(2)}", "linux-x64");
        return File.Exists(Path.Combine(folder, "hyperspace-devices")) ? folder : throw new RigException($"{folder} has no hyperspace-devices; ./test builds it.");
    }

    private static string Setting(string name) => Environment.GetEnvironmentVariable(name)
        ?? throw new RigException($"{name} is not set; ./test --notebook sets it.");

    private static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new RigException($"{program} failed: {output}");
        }
    }
}

