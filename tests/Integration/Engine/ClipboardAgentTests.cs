using Hyperspace.Linux.Reactor;
using Hyperspace.Protocols.Control;
using Hyperspace.Seat;
using Hyperspace.Seat.Clipboard;
using Hyperspace.Seat.Display.Text;

namespace Hyperspace.Tests.Integration.Engine;

/// <summary>The clipboard's protocol with two real spice-vdagents, on an X server each: from what a program copied in one to what a program pastes in the other.</summary>
[Collection(QemuCollection.Name)]
public sealed class ClipboardAgentTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hs").FullName;
    private readonly Reactor _reactor = new();
    private readonly List<string> _said = [];
    private readonly List<string> _closed = [];
    private readonly SeatClipboard _clipboard;
    private readonly XSession _a, _b;

    public ClipboardAgentTests()
    {
        _clipboard = new SeatClipboard(_reactor, _said.Add) { Closed = (vm, _) => _closed.Add(vm) };
        (_a, _b) = (new XSession(Path.Combine(_folder, "a")), new XSession(Path.Combine(_folder, "b")));
    }

    [Fact]
    public async Task Text_goes_from_one_X_clipboard_to_the_other_by_the_two_steps_and_not_without_them()
    {
        _clipboard.Attach("a", 1, await _a.StartAgentAsync());
        _clipboard.Attach("b", 1, await _b.StartAgentAsync());
        PortInfo a = Port(1, "a"), b = Port(2, "b");
        _a.Copy("héllo\u001b from X\n");

        // The seat knows of it when the agent has told; nothing of it is in the other guest, before the first step or after it.
        Assert.Equal("", Paste(_b));
        CopyFrom(a);
        Assert.Equal("copied 13 characters from A", _said[^1]);
        Assert.Equal("", Paste(_b));

        _clipboard.Paste(b);
        Assert.Equal("pasted into B: press Ctrl+V there", _said[^1]);
        string pasted = "";
        PumpUntil(() => (pasted = Paste(_b)).Length > 0, "the text in the other clipboard");
        Assert.Equal("héllo from X\n", pasted);

        // For one paste: two seconds later the other guest's clipboard is empty, and the first one has its own still.
        PumpUntil(() => Paste(_b).Length == 0, "the text to be taken back");
        Assert.Equal("héllo\u001b from X\n", Paste(_a));
        Assert.Empty(_closed);

        // And the other way, with a text that takes many chunks, which the agent sends as one; one that is too long is read past.
        string large = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"{i}\n"));
        _b.Copy(large);
        CopyFrom(b);
        Assert.StartsWith($"copied {large.Length} characters from B", _said[^1], StringComparison.Ordinal);
        _clipboard.Paste(a);
        PumpUntil(() => (pasted = Paste(_a)).Length > 20, "the large text in the first clipboard");
        Assert.Equal(large, pasted);

        _b.Copy(new string('x', 300_000));
        PumpUntil(() => Step(b).StartsWith("B has more than 256 KiB", StringComparison.Ordinal), "the refusal");
        _b.Copy("short");
        PumpUntil(() => Step(b) == "copied 5 characters from B", "the short text");
        Assert.Empty(_closed);
    }

    private static PortInfo Port(int number, string vm) => new(number, vm, vm.ToUpperInvariant(), new Rgb(0), VmState.Running, null, 1) { Clipboard = "on" };

    /// <summary>Step one, again until the agent has told that something was copied.</summary>
    private void CopyFrom(PortInfo port) => PumpUntil(() => Step(port).StartsWith("copied", StringComparison.Ordinal), "a text to copy");

    private string Step(PortInfo port)
    {
        int before = _said.Count;
        _clipboard.Copy(port);
        PumpUntil(() => _said.Count > before, "an answer");
        return _said[^1];
    }

    private string Paste(XSession session)
    {
        Task<string> text = session.PasteAsync();
        PumpUntil(() => text.IsCompleted, "xclip");
        return text.Result;
    }

    private void PumpUntil(Func<bool> condition, string what)
    {
        long deadline = Reactor.Now + 60_000_000_000;
        while (!condition())
        {
            Assert.True(Reactor.Now < deadline, $"Waited 60 s for {what}; said: {string.Join("; ", _said.TakeLast(5))}; closed: {string.Join(", ", _closed)}");
            long end = Reactor.Now + 50_000_000;
            while (Reactor.Now < end)
            {
                _reactor.RunOnce(TimeSpan.FromMilliseconds(20));
            }
        }
    }

    public void Dispose()
    {
        _clipboard.Dispose();
        _a.Dispose();
        _b.Dispose();
        _reactor.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
