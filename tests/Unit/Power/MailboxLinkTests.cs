using System.Diagnostics;
using System.Net.Sockets;
using Hyperspace.Machines.Power.Mailbox;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.PowerMailbox;

namespace Hyperspace.Tests.Unit.Power;

/// <summary>The link against a scripted guest.</summary>
public sealed class MailboxLinkTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hsm-").FullName;

    private string Path => System.IO.Path.Combine(_folder, "power");

    private static PowerRegisters At(int level) => PowerRegisters.Of(new PowerState([new BatteryState("BAT0", true, BatteryStatus.Discharging, level)], false, true, null, null));

    private static bool Has(MailboxReader reader, int level) => reader[0x13] == At(level)[0x13];

    [Fact]
    public async Task Everything_is_sent_on_connection_and_whenever_the_guest_asks()
    {
        using var guest = new ScriptedGuest(Path);
        await using var link = new MailboxLink(Path, null, At(80));
        Notices first = await guest.ReadUntilAsync(r => Has(r, 80));
        Assert.Equal(Notices.Everything, first);
        int commits = guest.Reader.Commits;
        guest.Send('x');
        guest.Send('R');
        Notices again = Notices.None;
        while ((again & Notices.Everything) != Notices.Everything)
        {
            again |= await guest.ReadUntilAsync(r => r.Commits > commits);
            commits = guest.Reader.Commits;
        }

        Assert.True(Has(guest.Reader, 80));
    }

    [Fact]
    public async Task A_change_is_told_once_more_when_Linux_has_forgotten_the_old_value()
    {
        using var guest = new ScriptedGuest(Path);
        await using var link = new MailboxLink(Path, null, At(80));
        await guest.ReadUntilAsync(r => r.Commits >= 2);
        int commits = guest.Reader.Commits;
        var watch = Stopwatch.StartNew();
        link.Tell(At(79));
        await guest.ReadUntilAsync(r => Has(r, 79));
        Assert.Equal(Notices.BatteryStatus, await guest.ReadUntilAsync(r => r.Commits >= commits + 2));
        Assert.True(watch.Elapsed > TimeSpan.FromSeconds(1), $"after {watch.Elapsed}, Linux would still answer with what it has kept");
        Assert.Equal(commits + 2, guest.Reader.Commits);
    }

    [Fact]
    public async Task A_guest_that_never_reads_gets_the_newest_state_and_not_a_thousand_old_ones()
    {
        using var guest = new ScriptedGuest(Path);
        await using var link = new MailboxLink(Path, null, At(0));
        await guest.AcceptAsync();
        for (int i = 1; i <= 1000; i++)
        {
            link.Tell(At(i % 100));
            await Task.Delay(1);
        }

        link.Tell(At(77));
        long sent = link.Messages;
        Assert.True(sent < 100, $"{sent} messages wait for a guest that does not read");
        await guest.ReadUntilAsync(r => Has(r, 77));
        Assert.True(guest.Reader.Commits < 150, $"{guest.Reader.Commits} commits");
    }

    [Fact]
    public async Task A_flood_is_paced()
    {
        using var guest = new ScriptedGuest(Path);
        await using var link = new MailboxLink(Path, null, At(0));
        var watch = Stopwatch.StartNew();
        Task<Notices> reading = guest.ReadUntilAsync(r => Has(r, 55));
        for (int i = 1; i <= 1000; i++)
        {
            link.Tell(At(i % 50));
        }

        link.Tell(At(55));
        await reading;
        long most = 5 + (long)(watch.Elapsed / MailboxLink.Pace);
        Assert.True(guest.Reader.Commits <= most, $"{guest.Reader.Commits} messages in {watch.Elapsed}");
    }

    [Fact]
    public async Task A_guest_that_asks_without_end_is_answered_at_the_same_pace()
    {
        using var guest = new ScriptedGuest(Path);
        await using var link = new MailboxLink(Path, null, At(50));
        var watch = Stopwatch.StartNew();
        await guest.AcceptAsync();
        for (int i = 0; i < 2000; i++)
        {
            guest.Send('R');
        }

        await guest.ReadUntilAsync(r => r.Commits >= 5);
        Assert.True(link.Messages <= 5 + (long)(watch.Elapsed / MailboxLink.Pace), $"{link.Messages} messages in {watch.Elapsed}");
    }

    [Fact]
    public async Task The_sleep_button_is_pressed_once_and_not_kept_for_later()
    {
        await using var early = new MailboxLink(Path, null, At(1));
        Assert.False(early.PressSleep());
        await early.DisposeAsync();
        using var guest = new ScriptedGuest(Path);
        await using var link = new MailboxLink(Path, null, At(50));
        await guest.ReadUntilAsync(r => r.Commits >= 2);
        Assert.True(link.PressSleep());
        int commits = guest.Reader.Commits;
        Assert.Equal(Notices.Sleep, await guest.ReadUntilAsync(r => r.Commits > commits));
        link.Tell(At(49));
        Assert.Equal(Notices.None, await guest.ReadUntilAsync(r => Has(r, 49)) & Notices.Sleep);
    }

    [Fact]
    public async Task Another_process_in_QEMUs_place_is_told_nothing()
    {
        using var guest = new ScriptedGuest(Path);
        await using var link = new MailboxLink(Path, Environment.ProcessId + 1, At(50));
        Assert.Equal(0, await guest.ReadOnceAsync());
        Assert.False(link.IsConnected);
    }

    [Fact]
    public async Task It_connects_again_and_begins_with_everything()
    {
        var first = new ScriptedGuest(Path);
        await using var link = new MailboxLink(Path, null, At(60));
        await first.ReadUntilAsync(r => Has(r, 60));
        first.Dispose();
        link.Tell(At(59));
        using var second = new ScriptedGuest(Path);
        Assert.Equal(Notices.Everything, await second.ReadUntilAsync(r => Has(r, 59)));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>A guest that reads only when it is told to.</summary>
    private sealed class ScriptedGuest : IDisposable
    {
        private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        private readonly string _path;
        private Socket? _socket;

        public ScriptedGuest(string path)
        {
            _path = path;
            File.Delete(path);
            _listener.Bind(new UnixDomainSocketEndPoint(path));
            _listener.Listen(1);
        }

        public MailboxReader Reader { get; } = new();

        public async Task<Socket> AcceptAsync() => _socket ??= await _listener.AcceptAsync().WaitAsync(TimeSpan.FromSeconds(30));

        public void Send(char c) => _socket!.Send([(byte)c]);

        public async Task<int> ReadOnceAsync() => await (await AcceptAsync()).ReceiveAsync(new byte[100]).WaitAsync(TimeSpan.FromSeconds(30));

        /// <returns>The notices meanwhile.</returns>
        public async Task<Notices> ReadUntilAsync(Func<MailboxReader, bool> condition)
        {
            Notices notices = Notices.None;
            byte[] one = new byte[1];
            await AcceptAsync();
            while (!condition(Reader))
            {
                int count = await _socket!.ReceiveAsync(one).WaitAsync(TimeSpan.FromSeconds(30));
                Assert.Equal(1, count);
                notices |= Reader.Read(one);
            }

            return notices;
        }

        public void Dispose()
        {
            _socket?.Dispose();
            _listener.Dispose();
            File.Delete(_path);
        }
    }
}
