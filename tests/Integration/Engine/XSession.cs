using System.Diagnostics;
using System.Net.Sockets;
using Hyperspace.Linux.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Tests.Integration.Engine;

/// <summary>
/// An X server in memory with an unmodified spice-vdagent, as a guest has it: the daemon takes a Unix socket in place of its virtio port, whose other end is what QEMU gives to the seat.
/// </summary>
internal sealed class XSession : IDisposable
{
    private readonly List<Process> _processes = [];
    private readonly string _display;
    private readonly string _folder;

    /// <param name="folder">For its sockets.</param>
    public XSession(string folder)
    {
        _folder = Directory.CreateDirectory(folder).FullName;
        Process server = Start("Xvfb", "-displayfd", "1", "-screen", "0", "640x480x24", "-nolisten", "tcp", "-terminate");
        _display = ":" + server.StandardOutput.ReadLine();
        Assert.NotEqual(":", _display);
    }

    /// <summary>Starts the daemon and the agent, which opens its port then.</summary>
    /// <returns>The host's end of the port.</returns>
    public async Task<SafeFileHandle> StartAgentAsync()
    {
        string port = Path.Combine(_folder, "port"), session = Path.Combine(_folder, "session");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(port));
        listener.Listen(1);
        Start("/usr/sbin/spice-vdagentd", "-x", "-X", "-f", "-o", "-s", port, "-u", "/dev/null", "-S", session);
        await EngineHome.UntilAsync(() => File.Exists(session), () => "spice-vdagentd to listen");
        Start("spice-vdagent", "-x", "-s", port, "-S", session);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using Socket socket = await listener.AcceptAsync(patience.Token);
        return FdPassing.Duplicate(socket.SafeHandle);
    }

    /// <summary>A program owns the clipboard from now on, with this text.</summary>
    public void Copy(string text)
    {
        Process copy = Start("xclip", "-selection", "clipboard", "-quiet", "-i");
        copy.StandardInput.Write(text);
        copy.StandardInput.Close();
    }

    /// <summary>A program asks for the clipboard.</summary>
    /// <returns>Its text; empty when it has none.</returns>
    public Task<string> PasteAsync() => Start("xclip", "-selection", "clipboard", "-t", "UTF8_STRING", "-o").StandardOutput.ReadToEndAsync();

    private Process Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["LC_ALL"] = "C.UTF-8";
        if (_display is not null)
        {
            start.Environment["DISPLAY"] = _display;
        }

        Process process = Process.Start(start)!;
        process.BeginErrorReadLine();
        _processes.Add(process);
        return process;
    }

    /// <summary>The server ends by itself with its last client, and takes its lock file away.</summary>
    public void Dispose()
    {
        foreach (Process process in _processes.AsEnumerable().Reverse())
        {
            if (process != _processes[0] || !process.WaitForExit(5000))
            {
                process.Kill();
            }

            process.WaitForExit();
            process.Dispose();
        }
    }
}
