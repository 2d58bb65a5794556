using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;
using Hyperspace.Protocols.Control;
using Hyperspace.Seat.Display.Text;
using Hyperspace.Seat.Input;
using Hyperspace.Tests.Integration.Engine;

namespace Hyperspace.Tests.Integration.Window;

/// <summary>A desktop in memory with a daemon of its own: an X server, and on it either a window manager or a Wayland compositor whose screen is a window there. The real program opens its seat on it.</summary>
internal sealed class Desktop : IAsyncDisposable
{
    public const int Width = 1400, Height = 900;

    private readonly List<Process> _processes = [];
    private readonly string _runtime = Directory.CreateTempSubdirectory("hsx").FullName;
    private readonly HttpClient _api;
    private readonly string _display;
    private string? _wayland;

    private Desktop()
    {
        _api = new HttpClient(new SocketsHttpHandler { ConnectCallback = ConnectAsync }) { BaseAddress = new Uri("http://hyperspace/") };
        Process server = Start("Xvfb", [], "-displayfd", "1", "-screen", "0", $"{Width}x{Height}x24", "-dpi", "96", "-nolisten", "tcp", "-ac");
        _display = ":" + server.StandardOutput.ReadLine();
        Assert.NotEqual(":", _display);
        X = new XClient(_display);
    }

    /// <summary>With dwm, which takes Alt and a letter for itself and gives every window the whole screen.</summary>
    public static Desktop OnX11()
    {
        var desktop = new Desktop();
        desktop.Start("dwm", [("DISPLAY", desktop._display)]);
        return desktop;
    }

    /// <summary>With cage, a compositor for one program. It refuses to run as root.</summary>
    public static async Task<Desktop> OnWaylandAsync()
    {
        var desktop = new Desktop();
        (string, string)[] variables =
            [("DISPLAY", desktop._display), ("XDG_RUNTIME_DIR", desktop._runtime), ("WLR_BACKENDS", "x11"), ("WLR_RENDERER", "pixman"), ("WLR_LIBINPUT_NO_DEVICES", "1")];
        if (Environment.UserName == "root")
        {
            Assert.Equal(0, Run("chown", "nobody", desktop._runtime));
            desktop.Start("setpriv", variables, "--reuid=nobody", "--regid=nogroup", "--clear-groups", "cage", "--", "sleep", "600");
        }
        else
        {
            desktop.Start("cage", variables, "--", "sleep", "600");
        }

        await EngineHome.UntilAsync(() => (desktop._wayland = Directory.GetFiles(desktop._runtime, "wayland-?").FirstOrDefault()) is not null, () => "cage to listen");
        await EngineHome.UntilAsync(() => desktop.X.Windows().Any(), () => "cage's window");

        // A window that is not shown yet takes no focus.
        await EngineHome.UntilAsync(
            () =>
            {
                desktop.X.Focus(desktop.X.Windows().First());
                return desktop.X.Focused() == desktop.X.Windows().First();
            },
            () => "cage's window to have the keyboard");
        return desktop;
    }

    public XClient X { get; }

    public EngineHome Home { get; } = new();

    /// <summary>The seat's process.</summary>
    public Process Seat { get; private set; } = null!;

    /// <summary>All that the seat has said on stderr.</summary>
    public string Said
    {
        get
        {
            lock (_said)
            {
                return string.Join('\n', _said);
            }
        }
    }

    private readonly List<string> _said = [];

    /// <summary>Starts the daemon, and the seat without a word about where it is to be.</summary>
    public async Task StartSeatAsync(params string[] arguments)
    {
        Start(TestProgram.Path, [], "daemon");
        await EngineHome.UntilAsync(() => File.Exists(Home.Paths.ApiSocket), () => "the daemon");
        Seat = StartSeat(["seat", "--sound", "off", .. arguments]);
        Seat.ErrorDataReceived += (_, e) =>
        {
            lock (_said)
            {
                _said.Add(e.Data ?? "");
            }
        };
        await UntilAsync(seat => seat.Output == "window", "a seat in a window");
        await EngineHome.UntilAsync(() => X.Focused() == Window, () => "the window to have the keyboard");
    }

    /// <summary>Plugs in the guest Lab, a small Debian that tells on its serial line what its kernel has of keyboard and mouse.</summary>
    public async Task InstallLabAsync()
    {
        Process install = Start(TestProgram.Path, [], "guests", "install");
        await install.WaitForExitAsync();
        Assert.Equal(0, install.ExitCode);
        foreach (string other in Directory.GetFiles(Home.Paths.Definitions).Where(file => Path.GetFileName(file) != "lab.yaml"))
        {
            File.Delete(other);
        }
    }

    private Process StartSeat(string[] arguments) => Start(
        TestProgram.Path, _wayland is null ? [("DISPLAY", _display)] : [("WAYLAND_DISPLAY", Path.GetFileName(_wayland)), ("XDG_RUNTIME_DIR", _runtime)], arguments);

    /// <summary>What the control API says of the seat; null while there is none.</summary>
    public async Task<SeatStatus?> StatusAsync()
    {
        using HttpResponseMessage answer = await _api.GetAsync("v1/seat");
        string text = await answer.Content.ReadAsStringAsync();
        return answer.IsSuccessStatusCode ? JsonSerializer.Deserialize<SeatStatus>(text, JsonSerializerOptions.Web) : null;
    }

    /// <summary>Asks the control API for something.</summary>
    public async Task PostAsync(string path, string json)
    {
        using HttpResponseMessage answer = await _api.PostAsync(path, new StringContent(json));
        Assert.True(answer.IsSuccessStatusCode, $"{path} {json}: {await answer.Content.ReadAsStringAsync()}");
    }

    /// <summary>Waits for a state of the seat.</summary>
    public async Task<SeatStatus> UntilAsync(Func<SeatStatus, bool> condition, string what)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            SeatStatus? seat = await StatusAsync();
            if (seat is not null && condition(seat))
            {
                return seat;
            }

            string now = seat is null ? "no seat" : $"{seat} keys {string.Join(' ', seat.KeysDown)}";
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), $"Waited 60 s for {what}; it is {now}; the seat said: {Said}");
            await Task.Delay(20);
        }
    }

    /// <summary>Waits until these keys, and no others, are down for the focused VM.</summary>
    public Task<SeatStatus> KeysAsync(params KeyCode[] keys) =>
        UntilAsync(seat => seat.KeysDown.SequenceEqual(keys.Select(k => (int)k).Order()), $"the keys {string.Join(' ', keys)}");

    /// <summary>The seat's window.</summary>
    public nint Window => _wayland is null ? X.FindWindow(title => title.EndsWith("Hyperspace", StringComparison.Ordinal)) : X.Windows().First();

    /// <summary>A person presses and releases keys, one after the other. Within 2 ms a release and a press of the same key are a repeat to SDL.</summary>
    public void Tap(params KeyCode[] keys)
    {
        foreach (KeyCode key in keys)
        {
            X.Key((int)key, down: true);
            Thread.Sleep(10);
            X.Key((int)key, down: false);
            Thread.Sleep(10);
        }
    }

    public void Press(KeyCode key) => X.Key((int)key, down: true);

    public void Release(KeyCode key) => X.Key((int)key, down: false);

    /// <summary>Waits until a row of text in the window says something: the bar is the first row, below it is the console.</summary>
    public Task<string> SeenAsync(string text) => SeenAsync(page => page.Contains(text, StringComparison.Ordinal), $"\"{text}\" in the window");

    private async Task<string> SeenAsync(Func<string, bool> condition, string what)
    {
        string page = "";
        await EngineHome.UntilAsync(() => condition(page = ReadWindow()), () => $"{what}, which shows:\n{page}");
        return page;
    }

    /// <summary>The text on the photograph of the screen where the window is.</summary>
    public string ReadWindow()
    {
        (int x, int y, int width, int height) = X.Place(Window);
        (int screenWidth, int screenHeight, uint[] pixels) = X.Photograph();
        uint[] part = new uint[width * height];
        for (int row = 0; row < Math.Min(height, screenHeight - y); row++)
        {
            pixels.AsSpan((y + row) * screenWidth + x, Math.Min(width, screenWidth - x)).CopyTo(part.AsSpan(row * width));
        }

        var reader = new ScreenReader(SystemFont.Load(out _)!);
        int left = width % 8 / 2, rows = (height - 24) / 16, top = 24 + (height - 24 - rows * 16) / 2;
        return string.Join('\n', [reader.Read(part, width, height, left, 4)[0], .. reader.Read(part, width, height, left, top)]);
    }

    /// <summary>Colour of a pixel of the screen.</summary>
    public uint Pixel(int x, int y)
    {
        (int width, _, uint[] pixels) = X.Photograph();
        return pixels[y * width + x];
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Home.Paths.ApiSocket), cancel);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private static int Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        return process.ExitCode;
    }

    private Process Start(string program, (string Name, string Value)[] variables, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string name in (string[])["DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION", "XDG_RUNTIME_DIR", "SDL_VIDEODRIVER"])
        {
            start.Environment.Remove(name);
        }

        start.Environment["HYPERSPACE_HOME"] = Home.Folder;
        foreach ((string name, string value) in variables)
        {
            start.Environment[name] = value;
        }

        Process process = Process.Start(start)!;
        process.BeginErrorReadLine();
        _processes.Add(process);
        return process;
    }

    public async ValueTask DisposeAsync()
    {
        X.Dispose();
        _api.Dispose();
        foreach (Process process in _processes.AsEnumerable().Reverse())
        {
            // The X server takes its lock and its socket away when it is asked to end.
            if (!process.HasExited)
            {
                Run("kill", $"{process.Id}");
            }

            if (!process.WaitForExit(5000))
            {
                process.Kill(entireProcessTree: true);
                process.WaitForExit();
            }

            process.Dispose();
        }

        await Home.DisposeAsync();
        Directory.Delete(_runtime, recursive: true);
    }
}
