using System.Net.Sockets;

namespace Hyperspace.Tests.Integration.Instant;

/// <summary>The ground that the Instant guest's mail is tested on, without a guest.</summary>
public sealed class ImapServerTests
{
    [Fact]
    public async Task It_serves_what_was_delivered_knows_what_was_read_and_leaves_no_process()
    {
        int port;
        await using (ImapServer server = await ImapServer.StartAsync())
        {
            port = server.Port;
            server.Deliver("Lunch at noon", "Dear Anna,\nthe word is quince.");
            string answer = await TalkAsync(port, $"a login {ImapServer.User} {ImapServer.Password}", "b select INBOX", "c fetch 1 body[text]", "d logout");
            Assert.Contains("* 1 EXISTS", answer, StringComparison.Ordinal);
            Assert.Contains("the word is quince.", answer, StringComparison.Ordinal);
            Assert.Equal(1, server.Seen);
            Assert.Contains($"user=<{ImapServer.User}>", server.ReadLog(), StringComparison.Ordinal);
        }

        await Assert.ThrowsAnyAsync<SocketException>(() => TalkAsync(port, "a logout"));
    }

    [Fact]
    public async Task A_wrong_password_is_refused()
    {
        await using ImapServer server = await ImapServer.StartAsync();
        server.Deliver("Private", "quince");
        string answer = await TalkAsync(server.Port, $"a login {ImapServer.User} wrong", "b select INBOX", "c logout");
        Assert.Contains("a NO [AUTHENTICATIONFAILED]", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("EXISTS", answer, StringComparison.Ordinal);
        Assert.Equal(0, server.Seen);
    }

    /// <summary>Sends the commands one after another and returns all that the server said until it hung up.</summary>
    private static async Task<string> TalkAsync(int port, params string[] commands)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", port);
        using var reader = new StreamReader(client.GetStream());
        await using var writer = new StreamWriter(client.GetStream()) { NewLine = "\r\n", AutoFlush = true };
        var said = new List<string>();
        foreach (string command in commands)
        {
            await writer.WriteLineAsync(command);
            string tag = command.Split(' ')[0] + " ";
            string? line;
            do
            {
                line = await reader.ReadLineAsync();
                said.Add(line ?? "");
            }
            while (line is not null && !line.StartsWith(tag, StringComparison.Ordinal));
        }

        return string.Join('\n', said);
    }
}
