using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Hyperspace.Tests.Integration.Engine;

namespace Hyperspace.Tests.Integration.Instant;

/// <summary>
/// A real IMAP server (Dovecot) on this machine's loopback with one account: no daemon of the system's, no encryption, everything in a folder of its own.
/// A guest with <c>network: user</c> reaches it at <see cref="GuestHost"/>. Its end ends all its processes and removes the folder.
/// </summary>
internal sealed class ImapServer : IAsyncDisposable
{
    public const string User = "anna";
    public const string Password = "walnut";

    /// <summary>QEMU's address for the machine that it runs on.</summary>
    public const string GuestHost = "10.0.2.2";

    private const string Program = "/usr/sbin/dovecot";

    private readonly string _folder = Directory.CreateTempSubdirectory("hsi").FullName;
    private readonly Process _process;

    private ImapServer(int port)
    {
        Port = port;
        foreach (string name in (string[])["new", "cur", "tmp"])
        {
            Directory.CreateDirectory(Path.Combine(Mail, name));
        }

        File.WriteAllText(Path.Combine(_folder, "users"), $"{User}:{{PLAIN}}{Password}\n");
        File.WriteAllText(Path.Combine(_folder, "dovecot.conf"), Configuration());
        OpenToOthers();
        _process = Process.Start(new ProcessStartInfo(Program, ["-F", "-c", Path.Combine(_folder, "dovecot.conf")]) { RedirectStandardError = true })!;
        _process.ErrorDataReceived += (_, line) => File.AppendAllText(Log, line.Data + "\n");
        _process.BeginErrorReadLine();
    }

    /// <summary>The TCP port, on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>For the kernel's command line of the Instant guest (guests/instant/README.md).</summary>
    public string KernelWord => $"hs.imap={GuestHost}:{Port}:{User}:{Password}";

    private string Mail => Path.Combine(_folder, "mail");

    private string Log => Path.Combine(_folder, "log");

    /// <summary>Starts the server and waits until it greets.</summary>
    /// <exception cref="InvalidOperationException">Dovecot is not installed.</exception>
    public static async Task<ImapServer> StartAsync()
    {
        if (!File.Exists(Program))
        {
            throw new InvalidOperationException($"{Program} is not there; it is in Debian's package dovecot-imapd, which ./test installs.");
        }

        var server = new ImapServer(FreePort());
        try
        {
            await EngineHome.UntilAsync(() => server._process.HasExited || server.Greets(), () => $"Dovecot's greeting; its log: {server.ReadLog()}");
            Assert.False(server._process.HasExited, $"Dovecot ended: {server.ReadLog()}");
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Puts a message into the inbox, the way that a mail server delivers: finished in tmp, then moved to new.</summary>
    /// <param name="subject">ASCII, one line.</param>
    public void Deliver(string subject, string text)
    {
        string name = $"{DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()}.{Guid.NewGuid():N}.localhost";
        string message = $"""
            From: Berta <berta@example.org>
            To: {User}@example.org
            Subject: {subject}
            Date: {DateTimeOffset.UtcNow:R}
            Message-ID: <{name}@example.org>
            MIME-Version: 1.0
            Content-Type: text/plain; charset=utf-8
            Content-Transfer-Encoding: 8bit

            {text}

            """;
        string file = Path.Combine(Mail, "tmp", name);
        File.WriteAllText(file, message.ReplaceLineEndings("\r\n"));
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        File.Move(file, Path.Combine(Mail, "new", name));
    }

    /// <summary>How many messages of the inbox have been read: Maildir's flag S, which the server sets when a client says so.</summary>
    public int Seen => Directory.EnumerateFiles(Path.Combine(Mail, "cur")).Count(f => Path.GetFileName(f).Split(":2,") is [_, var flags] && flags.Contains('S'));

    /// <summary>What the server has written so far: who logged in, and what went wrong.</summary>
    public string ReadLog() => File.Exists(Log) ? File.ReadAllText(Log) : "";

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            // The master ends its children when it is asked to go, and not when it is killed.
            using (Process stop = Process.Start("/usr/bin/doveadm", ["-c", Path.Combine(_folder, "dovecot.conf"), "stop"]))
            {
                await stop.WaitForExitAsync();
            }

            await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
        }

        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private bool Greets()
    {
        try
        {
            using var client = new TcpClient("127.0.0.1", Port) { ReceiveTimeout = 10_000 };
            var greeting = new byte[4];
            client.GetStream().ReadExactly(greeting);
            return Encoding.ASCII.GetString(greeting) == "* OK";
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return false;
        }
    }

    /// <summary>
    /// Dovecot never serves mail as root: started by root it takes the users of its package, and nobody for the mail. Started by somebody else it has to
    /// be that user throughout, and cannot lock itself up in empty folders.
    /// </summary>
    private string Configuration()
    {
        bool root = Environment.IsPrivilegedProcess;
        (string user, string group) = root ? ("65534", "65534") : (StatusId("Uid"), StatusId("Gid"));
        string services = string.Join('\n', ((string[])["anvil", "stats", "imap-login"]).Select(s => $"service {s} {{\n  chroot =\n}}"));
        string rootless = $"default_internal_user = {Environment.UserName}\ndefault_internal_group = {GroupName(group)}\ndefault_login_user = {Environment.UserName}\n{services}\n";
        string accounts = IsTwoThree() ? OldAccounts(user, group) : Accounts(user, group);
        return accounts + $$"""
            base_dir = {{_folder}}/run
            state_dir = {{_folder}}/state
            log_path = {{Log}}
            protocols = imap
            listen = 127.0.0.1
            ssl = no
            first_valid_uid = 1
            auth_mechanisms = plain login
            service imap-login {
              inet_listener imap {
                port = {{Port}}
              }
              inet_listener imaps {
                port = 0
              }
            }

            """ + (root ? "" : rootless);
    }

    /// <summary>Since 2.4 (Debian 13) a configuration says first which version it was written for, and settings have other names.</summary>
    private string Accounts(string user, string group) => $$"""
        dovecot_config_version = 2.4.0
        dovecot_storage_version = 2.4.0
        auth_allow_cleartext = yes
        mail_driver = maildir
        mail_path = {{Mail}}
        passdb passwd-file {
          passwd_file_path = {{_folder}}/users
        }
        userdb static {
          fields {
            uid = {{user}}
            gid = {{group}}
            home = {{Mail}}
          }
        }

        """;

    /// <summary>As Debian 12's Dovecot has them.</summary>
    private string OldAccounts(string user, string group) => $$"""
        disable_plaintext_auth = no
        mail_location = maildir:{{Mail}}
        passdb {
          driver = passwd-file
          args = {{_folder}}/users
        }
        userdb {
          driver = static
          args = uid={{user}} gid={{group}} home={{Mail}}
        }

        """;

    private static bool IsTwoThree()
    {
        using Process version = Process.Start(new ProcessStartInfo(Program, ["--version"]) { RedirectStandardOutput = true })!;
        return version.StandardOutput.ReadToEnd().StartsWith("2.3.", StringComparison.Ordinal);
    }

    /// <summary>This process's effective user or group, as a number.</summary>
    private static string StatusId(string what) => File.ReadLines("/proc/self/status").Single(l => l.StartsWith(what + ":", StringComparison.Ordinal)).Split('\t')[2];

    private static string GroupName(string id) => File.ReadLines("/etc/group").Select(l => l.Split(':')).First(g => g[2] == id)[0];

    /// <summary>The mail is served by another user when the tests are root's.</summary>
    private void OpenToOthers()
    {
        const UnixFileMode all = (UnixFileMode)0b111_111_111;
        File.SetUnixFileMode(_folder, (UnixFileMode)0b111_101_101);
        foreach (string folder in (string[])[Mail, .. Directory.GetDirectories(Mail)])
        {
            File.SetUnixFileMode(folder, all);
        }
    }
}
