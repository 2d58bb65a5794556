using System.Diagnostics;
using System.Text.RegularExpressions;
using Hyperspace.Commands.Tour;
using Hyperspace.Linux;
using Hyperspace.Machines.Engines.Qemu;
using Hyperspace.Machines.Instant;
using Hyperspace.Machines.Supervision;
using Hyperspace.Protocols.Control;
using Hyperspace.Tests.Integration.Engine;

namespace Hyperspace.Tests.Integration.Instant;

/// <summary>The mail program of the Instant guest, whose account lies in a home that is kept, and a real server on this host. What is believed is what the server and the home's disk say.</summary>
[Collection(QemuCollection.Name)]
public sealed partial class MailTests : IAsyncLifetime
{
    private const string Vm = TourStage.Instant;

    /// <summary>On an emulated processor, on a machine that has much else to do.</summary>
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(8);

    /// <summary>How long one looks at what a click has done before one clicks again.</summary>
    private static readonly TimeSpan Glance = TimeSpan.FromSeconds(25);

    private readonly EngineHome _home = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _home.DisposeAsync().AsTask();

    [Fact]
    public async Task It_shows_a_message_of_a_real_server_and_the_kept_home_has_it_when_the_guest_is_opened_again()
    {
        await using ImapServer server = await ImapServer.StartAsync();
        string word = $"medlar{Random.Shared.Next(100000, 999999)}";
        server.Deliver("Lunch at noon", $"Dear Anna,\nthe word is {word}.");
        string disk = await PrepareAsync(server);
        Fleet fleet = await _home.OpenFleetAsync();

        Assert.Equal("template", (await fleet.OpenAsync(Vm)).StartedBy);
        using (HandOnDisplay hand = await HandOnDisplay.OpenAsync(fleet, Vm))
        {
            hand.SetMonitor();
            Until(hand, () => _home.Serial(Vm).Contains("hs:home kept", StringComparison.Ordinal), () => $"the home; the guest says {_home.Serial(Vm)}");
            Until(hand, () => Logins(server) > 0, () => $"the mail program's login; the server says {server.ReadLog()}");
            Read(hand, server);
            hand.Photograph("instant-mail");
        }

        await fleet.CloseAsync(Vm);
        await EngineHome.StateAsync(fleet, Vm, VmState.Off);
        Assert.True(InstantHome.Holds(disk, word), "the message is not in the home");

        // It was ended by its power button, so the file system is whole but for files that a program had open and deleted, which the guest's own check (-p) lets go of, here as at the next opening; that has it again and leaves what is in it.
        Run("/usr/sbin/e2fsck", ["-p", disk]);
        Run("/usr/sbin/e2fsck", ["-f", "-n", disk]);
        Assert.Equal("template", (await fleet.OpenAsync(Vm)).StartedBy);
        using (HandOnDisplay hand = await HandOnDisplay.OpenAsync(fleet, Vm))
        {
            Until(hand, () => _home.Serial(Vm).Contains("hs:home kept", StringComparison.Ordinal), () => $"the home again; the guest says {_home.Serial(Vm)}");
        }

        await fleet.CloseAsync(Vm);
        Assert.True(InstantHome.Holds(disk, word), "the message has not outlived the second opening");
    }

    /// <summary>As a person does: clicks on Mail, the inbox, the message, looks what comes of it, and begins anew.</summary>
    private static void Read(HandOnDisplay hand, ImapServer server)
    {
        (int X, int Y) mail = (200, 745), inbox = (84, 174), message = (700, 149);
        var watch = Stopwatch.StartNew();
        while (!IsRead())
        {
            Assert.True(watch.Elapsed < Long, $"Nobody has read the message on the screen in {Long.TotalMinutes:0} minutes; seen: {server.Seen}. The server says {server.ReadLog()}");
            foreach ((int x, int y) in new[] { mail, inbox, message })
            {
                hand.Click(x, y);
                if (hand.Wait(Glance, IsRead))
                {
                    break;
                }
            }

            hand.Photograph("instant-mail-looking");
        }

        Assert.Equal(1, server.Seen);

        // The server's word comes before the text is drawn.
        bool IsRead() => server.Seen > 0 && IsWritten(hand.Picture());
    }

    /// <summary>Whether dark letters stand where Mail shows a message's text, below its head.</summary>
    private static bool IsWritten(uint[] pixels) =>
        Enumerable.Range(470, 50).Sum(y => Enumerable.Range(305, 700).Count(x => (pixels[y * HandOnDisplay.Width + x] & 0xFF00) < 0x4000)) > 500;

    /// <summary>The Instant guest with a home that is kept, its template, and the mail account in that home.</summary>
    /// <returns>The home's disk.</returns>
    private async Task<string> PrepareAsync(ImapServer server)
    {
        HyperspacePaths installed = HyperspacePaths.Current;
        string built = Path.Combine(installed.Guest(Vm), "vm.yaml");
        Assert.True(File.Exists(built), $"The guest Instant is not built: there is no {built}. ./test builds it.");
        string definition = File.ReadAllText(built).Replace("autostart: true", "autostart: false", StringComparison.Ordinal);
        File.WriteAllText(_home.Definition(Vm), definition.Replace("instant: {warm: 1}", "instant: {warm: 0, home: keep}", StringComparison.Ordinal));
        await TourStage.PrepareInstantAsync(_home.Paths, installed.Prepared, CancellationToken.None);

        string folder = Directory.CreateDirectory(Path.Combine(_home.Folder, "home")).FullName;
        string account = Path.Combine(TestProgram.Top, "guests", "instant", "root", "usr", "local", "lib", "hs", "mail-account");
        Run("sh", [account, $"{ImapServer.GuestHost}:{server.Port}:{ImapServer.User}:{ImapServer.Password}"], folder);
        string disk = new QemuFiles(_home.Paths, Vm).Home;
        await MakeHomeAsync(disk, folder);
        return disk;
    }

    /// <summary>A home's disk as Hyperspace makes it, with a folder's content, which belongs to the guest's user.</summary>
    private static async Task MakeHomeAsync(string disk, string folder)
    {
        await HomeDisk.PrepareAsync(disk, CancellationToken.None);
        Run("/usr/sbin/mkfs.ext4", ["-q", "-F", "-L", "hs-home", "-m", "0", "-d", folder, disk]);
        string[] entries = [.. Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories).Select(path => path[folder.Length..])];
        string commands = Path.Combine(Path.GetDirectoryName(folder)!, "owner");
        File.WriteAllLines(commands, entries.SelectMany(entry => new[] { $"sif \"{entry}\" uid 1000", $"sif \"{entry}\" gid 1000" }));
        Run("/usr/sbin/debugfs", ["-w", "-f", commands, disk]);
        Assert.Contains(entries, entry => entry.EndsWith("accountrc", StringComparison.Ordinal));
    }

    private static void Run(string program, string[] arguments, string? home = null)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["HOME"] = home ?? "/";
        using Process process = Process.Start(start)!;
        string said = process.StandardError.ReadToEnd() + process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} ended with {process.ExitCode}: {said}");
    }

    private static int Logins(ImapServer server) => Login().Count(server.ReadLog());

    private static void Until(HandOnDisplay hand, Func<bool> condition, Func<string> what) =>
        Assert.True(hand.Wait(Long, condition), $"Waited {Long.TotalMinutes:0} minutes for {what()}");

    [GeneratedRegex("imap-login: Info: (?:Login|Logged in): user=<anna>")]
    private static partial Regex Login();
}
