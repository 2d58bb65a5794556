using Hyperspace.Seat.Display.Outputs;
using Hyperspace.Seat.Display.Outputs.Drm;
using Hyperspace.Seat.Display.Text;

namespace Hyperspace.Tests.Unit.Display.Monitors;

/// <summary>Monitors in memory that a test plugs in and out. The first one is the primary, and is always plugged in, unless another is chosen.</summary>
internal sealed class ScriptedMonitors : IOutput, IMonitors
{
    private readonly FontSizes _fonts;
    private HeadlessOutput _primary;
    private readonly List<(string Id, int Width, int Height)> _plugged = [];
    private readonly Dictionary<string, HeadlessOutput> _own = [];
    private readonly Dictionary<string, Frame> _frames = [];
    private readonly string _first;
    private string _primaryId;
    private MonitorChoice _choice = MonitorChoice.None;

    public ScriptedMonitors(FontSizes fonts, string primary, int width, int height)
    {
        (_fonts, _first, _primaryId) = (fonts, primary, primary);
        _primary = New(primary, width, height);
        _plugged.Add((primary, width, height));
    }

    public string Kind => "headless";

    public (int Width, int Height) Size => _primary.Size;

    public (int Columns, int Rows) TextSize => _primary.TextSize;

    public bool WantsPixelText => true;

    public PsfFont Font => _primary.Font;

    public bool IsReady => true;

    public Action? Resized { get; set; }

    public Action? ReadyAgain { get; set; }

    public Action<long>? Shown { get; set; }

    public IMonitors Arrangement => this;

    public Action? Changed { get; set; }

    public IReadOnlyList<LitMonitor> Lit =>
    [
        .. _plugged.OrderByDescending(m => m.Id == _primaryId).Select(m => new LitMonitor(
            m.Id, $"Name of {m.Id}", $"DP-{m.Id}", m.Width, m.Height, m.Id == _primaryId, _own.ContainsKey(m.Id) ? _choice.PortOf(m.Id) : null, _own.GetValueOrDefault(m.Id))),
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
        Arrange(_choice);
    }

    public void Unplug(string id)
    {
        _plugged.RemoveAll(m => m.Id == id);
        Arrange(_choice);
    }

    public void Arrange(MonitorChoice choice)
    {
        _choice = choice;
        string before = _primaryId;
        _primaryId = _plugged.Exists(m => m.Id == choice.Primary) ? choice.Primary! : _first;
        foreach ((string id, int width, int height) in _plugged.Where(m => m.Id != _primaryId && choice.PortOf(m.Id) is not null && !_own.ContainsKey(m.Id)))
        {
            _own[id] = New(id, width, height);
        }

        foreach (string id in _own.Keys.Where(id => id == _primaryId || choice.PortOf(id) is null || _plugged.TrueForAll(m => m.Id != id)).ToArray())
        {
            _own[id].Dispose();
            _own.Remove(id);
            _frames.Remove(id);
        }

        if (_primaryId != before)
        {
            (string primary, int width, int height) = _plugged.Find(m => m.Id == _primaryId);
            _primary = New(primary, width, height);
            _frames.Remove(before);
            _frames.Remove(_primaryId);
        }

        Changed?.Invoke();
        if (_primaryId != before)
        {
            Resized?.Invoke();
            ReadyAgain?.Invoke();
        }
    }

    /// <summary>96 pixels an inch, whatever its size.</summary>
    private HeadlessOutput New(string id, int width, int height) =>
        new(width, height, _fonts.OfLine(PixelPitch.LeastLine(25.4 / 96, width))) { Presented = (frame, _) => Take(id, frame) };

    private void Take(string id, Frame frame)
    {
        Frames++;
        _frames[id] = frame;
    }

    public void Present(Frame frame, PixelRect damage)
    {
        _primary.Present(frame, damage);
        Shown?.Invoke(Hyperspace.Linux.Reactor.Reactor.Now);
    }

    public void Dispose() => _primary.Dispose();
}
