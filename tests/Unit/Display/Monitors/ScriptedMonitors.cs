using Hyperspace.Seat.Display.Outputs;
using Hyperspace.Seat.Display.Text;

namespace Hyperspace.Tests.Unit.Display.Monitors;

/// <summary>Monitors in memory that a test plugs in and out. The first one that is plugged in is the primary.</summary>
internal sealed class ScriptedMonitors : IOutput, IMonitors
{
    private readonly PsfFont _font;
    private readonly HeadlessOutput _primary;
    private readonly List<(string Id, int Width, int Height)> _plugged = [];
    private readonly Dictionary<string, HeadlessOutput> _own = [];
    private readonly Dictionary<string, Frame> _frames = [];
    private readonly string _first;
    private Func<string, int?> _portOf = static _ => null;

    public ScriptedMonitors(PsfFont font, string primary, int width, int height)
    {
        (_font, _first) = (font, primary);
        _primary = new HeadlessOutput(width, height, font) { Presented = (frame, _) => Take(primary, frame) };
        _plugged.Add((primary, width, height));
    }

    public string Kind => "headless";

    public (int Width, int Height) Size => _primary.Size;

    public (int Columns, int Rows) TextSize => _primary.TextSize;

    public bool WantsPixelText => true;

    public bool IsReady => true;

    public Action? Resized { get; set; }

    public Action? ReadyAgain { get; set; }

    public Action<long>? Shown { get => _primary.Shown; set => _primary.Shown = value; }

    public IMonitors Arrangement => this;

    public Action? Changed { get; set; }

    public IReadOnlyList<LitMonitor> Lit =>
    [
        .. _plugged.Select(m => new LitMonitor(m.Id, $"Name of {m.Id}", $"DP-{m.Id}", m.Width, m.Height, m.Id == _first, _own.ContainsKey(m.Id) ? _portOf(m.Id) : null, _own.GetValueOrDefault(m.Id))),
    ];

    /// <summary>Frames shown on all of them.</summary>
    public long Frames { get; private set; }

    /// <summary>What was shown on a monitor last; null for nothing of its own.</summary>
    public Frame? FrameOn(string id) => _frames.GetValueOrDefault(id);

    public string BarOn(string id) => _frames[id].Bar.TextOf(0);

    /// <summary>The pixel in the middle of a monitor.</summary>
    public uint MiddleOf(string id) => _frames[id].Pixels[_frames[id].Height / 2 * _frames[id].Width + _frames[id].Width / 2];

    public void Plug(string id, int width, int height)
    {
        _plugged.Add((id, width, height));
        Arrange(_portOf);
    }

    public void Unplug(string id)
    {
        _plugged.RemoveAll(m => m.Id == id);
        Arrange(_portOf);
    }

    public void Arrange(Func<string, int?> portOf)
    {
        _portOf = portOf;
        foreach ((string id, int width, int height) in _plugged.Where(m => m.Id != _first && portOf(m.Id) is not null && !_own.ContainsKey(m.Id)))
        {
            _own[id] = new HeadlessOutput(width, height, _font) { Presented = (frame, _) => Take(id, frame) };
        }

        foreach (string id in _own.Keys.Where(id => portOf(id) is null || _plugged.TrueForAll(m => m.Id != id)).ToArray())
        {
            _own[id].Dispose();
            _own.Remove(id);
            _frames.Remove(id);
        }

        Changed?.Invoke();
    }

    private void Take(string id, Frame frame)
    {
        Frames++;
        _frames[id] = frame;
    }

    public void Present(Frame frame, PixelRect damage) => _primary.Present(frame, damage);

    public void Dispose() => _primary.Dispose();
}
