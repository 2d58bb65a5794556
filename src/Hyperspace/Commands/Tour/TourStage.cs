using System.Diagnostics;
using Hyperspace.Client;
using Hyperspace.Linux;
using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Engines;
using Hyperspace.Machines.Engines.Qemu;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;
using Hyperspace.Protocols.Png;
using Hyperspace.Seat.Display.Text;

namespace Hyperspace.Commands.Tour;

/// <summary>A photograph of the screen.</summary>
internal sealed record Picture(int Width, int Height, uint[] Pixels)
{
    /// <summary>A caret is one column of a line: its blinking is no change.</summary>
    private const int CaretPixels = 200;

    /// <summary>Whether something else is to be seen between two rows.</summary>
    public bool Differs(Picture before, int top, int end)
    {
        if (before.Pixels.Length != Pixels.Length)
        {
            return true;
        }

        int changed = 0;
        for (int i = top * Width; i < end * Width; i++)
        {
            changed += Pixels[i] != before.Pixels[i] ? 1 : 0;
        }

        return changed > CaretPixels;
    }
}

/// <summary>
/// A Hyperspace in a folder of its own: daemon and seat as processes of this program, built guests, their serial lines, and eyes for the screen. Nothing of the user's own installation is
/// touched. The tour is played on it, and tests with built guests.
/// </summary>
internal sealed class TourStage : IDisposable
{
    /// <summary>The browser, on port 1.</summary>
    public const string Instant = "instant";

    /// <summary>Those with a text console and reports of what is typed, on ports 2 and 3.</summary>
    public static readonly string[] TextGuests = ["work", "lab"];

    /// <summary>Those of the tour.</summary>
    public static readonly string[] AllGuests = [Instant, .. TextGuests];

    private const int BarHeight = 24;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly string _home = Directory.CreateTempSubdirectory("hyperspace-tour-").FullName;
    private readonly HyperspacePaths _paths;
    private readonly ScreenReader _reader;
    private TourProcess? _daemon;
    private TourProcess? _seat;

    /// <param name="installed">Where this installation's guests are.</param>
    /// <param name="screenshots">An existing folder.</param>
    /// <param name="guests">Which of the built ones are defined in it.</param>
    public TourStage(HyperspacePaths installed, PsfFont font, string screenshots, params string[] guests)
    {
        Screenshots = screenshots;
        _paths = HyperspacePaths.Of(name => name == "HYPERSPACE_HOME" ? _home : name == "HYPERSPACE_CACHE" ? installed.Cache : null, root: false);
        _reader = new ScreenReader([font, .. GuestFonts()]);
        Client = new ControlClient(_paths.ApiSocket);
        Directory.CreateDirectory(_paths.Definitions);
        foreach (string guest in guests)
        {
            File.Copy(Path.Combine(_paths.Guest(guest), "vm.yaml"), Path.Combine(_paths.Definitions, guest + ".yaml"));
        }
    }

    public ControlClient Client { get; }

    public string Screenshots { get; }

    /// <summary>The program that daemon and seat are started from.</summary>
    public string Program { get; init; } = Environment.ProcessPath!;

    public HyperspacePaths Paths => _paths;

    public SerialLog Serial(string guest) => new(Path.Combine(_paths.VmState(guest), "serial.log"));

    public async Task StartDaemonAsync(CancellationToken cancel)
    {
        _daemon?.Dispose();
        _daemon = new TourProcess(Program, _home, _paths.Cache, Path.Combine(_home, "daemon.log"), "daemon");
        await UntilAsync("the daemon's answer", async () =>
        {
            _daemon.CheckAlive("the daemon");
            return await Client.IsAnsweringAsync(cancel);
        }, cancel);
    }

    public Task PrepareInstantAsync(CancellationToken cancel) => PrepareInstantAsync(_paths, _paths.Prepared, cancel);

    /// <summary>Gives an installation that has the instant guest its prepared template, or makes one.</summary>
    public static async Task PrepareInstantAsync(HyperspacePaths paths, HyperspacePaths prepared, CancellationToken cancel)
    {
        ITemplates templates = new QemuEngine(paths).Templates;
        VmDefinition vm = new DefinitionStore(paths, HostFacts.Read()).Load().First(loaded => loaded.Name == Instant).Definition ?? throw new TourException($"{Instant}'s definition has errors.");
        if (!templates.Import(vm, prepared, cancel))
        {
            await templates.BuildAsync(vm, behind: false, (_, _) => { }, cancel);
        }
    }

    /// <param name="screens">Of how many guests the screens are awaited.</param>
    public async Task StartSeatAsync(int screens, CancellationToken cancel)
    {
        _seat?.Dispose();
        _seat = new TourProcess(Program, _home, _paths.Cache, Path.Combine(_home, "seat.log"), "seat", "--output", "headless", "--width", "1280", "--height", "800");
        await UntilAsync($"{screens} guests' screens in the seat", async () =>
        {
            _seat.CheckAlive("the seat");
            return (await SeatAsync(cancel))?.Ports.Count(p => p.Screen == "live") >= screens;
        }, cancel);
    }

    /// <summary>The files of this Hyperspace that a text is in. The daemon's lock, which has a number in it, cannot be opened while it is held.</summary>
    public string[] FilesWith(string text) => FilesWith(_home, text, _paths.DaemonLock);

    /// <summary>The files below a folder that a text is in, as UTF-8 or as UTF-16.</summary>
    /// <param name="but">One that is not looked into.</param>
    public static string[] FilesWith(string folder, string text, string? but = null)
    {
        byte[][] wanted = [System.Text.Encoding.UTF8.GetBytes(text), System.Text.Encoding.Unicode.GetBytes(text)];
        return [.. Directory.EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.Device })
            .Where(file => file != but && Contains(file, wanted))];
    }

    private static bool Contains(string file, byte[][] wanted)
    {
        if (File.GetUnixFileMode(file) == default || new FileInfo(file) is { Length: 0 } || File.ResolveLinkTarget(file, false) is not null)
        {
            return false;
        }

        var buffer = new byte[1 << 20];
        int longest = wanted.Max(bytes => bytes.Length);
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        int kept = 0;
        for (int n; (n = stream.Read(buffer, kept, buffer.Length - kept)) > 0;)
        {
            int end = kept + n;
            if (wanted.Any(bytes => buffer.AsSpan(0, end).IndexOf(bytes) >= 0))
            {
                return true;
            }

            kept = Math.Min(longest - 1, end);
            buffer.AsSpan(end - kept, kept).CopyTo(buffer);
        }

        return false;
    }

    public Task KillDaemonAsync(CancellationToken cancel) => _daemon!.KillAsync(cancel);

    public Task KillSeatAsync(CancellationToken cancel) => _seat!.KillAsync(cancel);

    /// <summary>Null while no seat is connected.</summary>
    public async Task<SeatStatus?> SeatAsync(CancellationToken cancel)
    {
        try
        {
            return await Client.GetSeatAsync(cancel);
        }
        catch (ControlException)
        {
            return null;
        }
    }

    /// <summary>Waits until the seat shows the screen of a port's VM.</summary>
    public Task LiveAsync(int port, CancellationToken cancel) =>
        UntilAsync($"the screen of port {port} in the seat", async () => (await SeatAsync(cancel))?.Ports.Any(p => p.Port == port && p.Screen == "live") == true, cancel);

    public async Task<VmStatus> VmAsync(string name, CancellationToken cancel) => (await Client.GetVmsAsync(cancel)).Single(vm => vm.Name == name);

    /// <summary>Waits for a VM's state.</summary>
    public async Task<VmStatus> StateAsync(string name, string what, Func<VmStatus, bool> wanted, CancellationToken cancel)
    {
        VmStatus vm = await VmAsync(name, cancel);
        await UntilAsync($"{name} to be {what}, but it is {vm.State}", async () => wanted(vm = await VmAsync(name, cancel)), cancel);
        return vm;
    }

    /// <summary>Presses a chord and waits until the seat says that it is on that port.</summary>
    public async Task<SeatStatus> PressAsync(string chord, int port, CancellationToken cancel)
    {
        await Client.PressAsync(chord, cancel);
        SeatStatus? seat = null;
        await UntilAsync($"port {port} after {chord}", async () => (seat = await SeatAsync(cancel))?.Port == port, cancel);
        return seat!;
    }

    /// <summary>Photographs a port and reads what is written there: the bar, and below it a text console's rows.</summary>
    /// <param name="save">The file's name in the folder of screenshots; null leaves none.</param>
    public async Task<(string Bar, string[] Rows)> LookAsync(int? port, string? save, CancellationToken cancel)
    {
        byte[] png = await Client.ScreenshotAsync(port, cancel);
        if (save is not null)
        {
            await File.WriteAllBytesAsync(Path.Combine(Screenshots, save + ".png"), png, cancel);
        }

        (int width, int height, uint[] pixels) = PngDecoder.Decode(png);
        string bar = _reader.Read(pixels.AsSpan(0, width * BarHeight), width, BarHeight, 0, 4)[0];
        string[] rows = _reader.Read(pixels, width, height, 0, BarHeight);
        string[] centred = _reader.Read(pixels, width, height, 0, BarHeight + (height - BarHeight) % 16 / 2);
        return (bar, [.. rows, .. centred]);
    }

    /// <summary>Looks until the text is there.</summary>
    public async Task SeeAsync(int? port, string text, string? save, CancellationToken cancel)
    {
        string[] rows = [];
        await UntilAsync($"\"{text}\" on the screen", async () =>
        {
            (_, rows) = await LookAsync(port, null, cancel);
            return rows.Any(row => row.Contains(text, StringComparison.Ordinal));
        }, cancel, TimeSpan.FromSeconds(20));
        if (save is not null)
        {
            await LookAsync(port, save, cancel);
        }
    }

    /// <summary>Waits until the screen below the bar has not changed for a while, but for the caret's blinking; half a minute at most.</summary>
    public async Task UntilStillAsync(TimeSpan quiet, CancellationToken cancel)
    {
        var watch = Stopwatch.StartNew();
        TimeSpan since = TimeSpan.Zero;
        Picture last = await PictureAsync(cancel);
        while (watch.Elapsed - since < quiet && watch.Elapsed < TimeSpan.FromSeconds(30))
        {
            await Task.Delay(250, cancel);
            Picture now = await PictureAsync(cancel);
            (last, since) = (now, now.Differs(last, BarHeight, now.Height) ? watch.Elapsed : since);
        }
    }

    /// <summary>What the seat shows now.</summary>
    public async Task<Picture> PictureAsync(CancellationToken cancel)
    {
        (int width, int height, uint[] pixels) = PngDecoder.Decode(await Client.ScreenshotAsync(null, cancel));
        return new Picture(width, height, pixels);
    }

    public static async Task UntilAsync(string what, Func<Task<bool>> condition, CancellationToken cancel, TimeSpan? atMost = null)
    {
        var watch = Stopwatch.StartNew();
        TimeSpan patience = atMost ?? Patience;
        while (!await condition())
        {
            if (watch.Elapsed > patience)
            {
                throw new TourException($"waited {patience.TotalSeconds:0} s for {what}");
            }

            await Task.Delay(25, cancel);
        }
    }

    /// <summary>A Linux guest's text console has the kernel's VGA font.</summary>
    private static IEnumerable<PsfFont> GuestFonts()
    {
        const string file = "/usr/share/consolefonts/Uni2-VGA16.psf.gz";
        return File.Exists(file) ? [PsfFont.Load(file)] : [];
    }

    public void Dispose()
    {
        _seat?.Dispose();
        _daemon?.Dispose();
        foreach (int pid in QemuProcess.FindAll(_paths).Values)
        {
            using ProcessHandle? engine = ProcessHandle.Open(pid);
            engine?.Kill();
            engine?.Exited.Wait(TimeSpan.FromSeconds(10));
        }

        Client.Dispose();
        Directory.Delete(_home, recursive: true);
    }
}
