using Hyperspace.Linux.Reactor;
using Hyperspace.Protocols.Terminal;
using Hyperspace.Seat.Display.Text;
using Hyperspace.Seat.Terminals;

namespace Hyperspace.Seat.Display.Outputs;

/// <summary>How a terminal shows guests' pictures.</summary>
public enum TerminalGraphics : byte
{
    /// <summary>The best that the terminal says it has: kitty, sixel, blocks.</summary>
    Auto,
    Blocks,
    Sixel,
    Kitty,
}

/// <summary>
/// A terminal as a monitor: the bar and pages of text are its text, guests are drawn below the bar.
/// <para>
/// With blocks the monitor has 8x16 pixels a cell, a console font's: a guest with a text console then has as many columns as the terminal, and
/// <see cref="GlyphReader"/> shows its characters as characters; of a larger guest a part is shown, which follows the cursor. What is not text is two halves of a cell in the average colours of 8x8 pixels. With sixel or kitty graphics the
/// monitor is the terminal's own pixels.
/// </para>
/// </summary>
public sealed class TerminalOutput : IOutput
{
    /// <summary>A page of text has at least this size; a smaller terminal shows its upper left.</summary>
    private const int MinColumns = 40, MinRows = 8;

    private readonly ITerminal _terminal;
    private readonly TerminalGraphics _wanted;
    private readonly GlyphReader? _glyphs;
    private readonly TerminalWriter _writer = new();
    private readonly TerminalPage _page = new();
    private IPicture _picture;
    private (int Columns, int Rows) _shown;
    private bool _showsPicture;

    /// <param name="terminal">Owned from now on.</param>
    /// <param name="glyphs">Finds text in guests' pictures; null shows all of them as blocks.</param>
    public TerminalOutput(ITerminal terminal, TerminalGraphics wanted, GlyphReader? glyphs)
    {
        (_terminal, _wanted, _glyphs) = (terminal, wanted, glyphs);
        _picture = new BlockPicture(glyphs);
        Lay();
        terminal.Changed = OnChanged;
        terminal.ReadyAgain = () => ReadyAgain?.Invoke();
        terminal.ScreenLost = OnScreenLost;
    }

    public string Kind => "terminal";

    public (int Width, int Height) Size { get; private set; }

    public (int Columns, int Rows) TextSize { get; private set; }

    public bool WantsPixelText => false;

    public PsfFont? Font { get; init; }

    public bool PansPictures => _picture.Kind == TerminalGraphics.Blocks && _glyphs is not null;

    public bool IsReady => _terminal.IsReady;

    public string AttentionKey => _terminal.ReportsReleases ? "Ctrl+Alt+Esc" : "Alt+Esc";

    public Action? Resized { get; set; }

    public Action? ReadyAgain { get; set; }

    public Action<long>? Shown { get; set; }

    /// <summary>How guests are shown now; never <see cref="TerminalGraphics.Auto"/>.</summary>
    public TerminalGraphics Graphics => _picture.Kind;

    public void Present(Frame frame, PixelRect damage)
    {
        if (_page.Begin(_writer, _terminal.Size))
        {
            RemovePicture();
        }

        _page.Put(_writer, frame.Bar, 0);
        if (frame.Text is { } text)
        {
            RemovePicture();
            _page.Put(_writer, text, 1);
        }
        else
        {
            _picture.Paint(_writer, _page.Cells, frame, _showsPicture ? damage : new PixelRect(0, 0, frame.Width, frame.Height));
            _showsPicture = true;
        }

        if (_page.End(_writer, frame.Text?.Cursor is { } cursor ? (cursor.Column, cursor.Row + 1) : null))
        {
            _terminal.SendFrame(_writer.Written);
        }

        Shown?.Invoke(Reactor.Now);
    }

    private void RemovePicture()
    {
        if (_showsPicture)
        {
            _showsPicture = false;
            _picture.Remove(_writer);
        }
    }

    private void OnChanged()
    {
        var before = (Size, _shown, _picture.Kind);
        Lay();
        if (before != (Size, _shown, _picture.Kind))
        {
            OnScreenLost();
        }
    }

    private void OnScreenLost()
    {
        _page.Invalidate();
        Resized?.Invoke();
    }

    /// <summary>Chooses the kind of picture and the size.</summary>
    private void Lay()
    {
        (int columns, int rows) = _shown = _terminal.Size;
        (int width, int height)? cell = _terminal.CellPixels;
        TerminalGraphics kind = _wanted switch
        {
            _ when cell is null => TerminalGraphics.Blocks,
            TerminalGraphics.Auto => _terminal.HasKittyGraphics ? TerminalGraphics.Kitty : _terminal.HasSixel ? TerminalGraphics.Sixel : TerminalGraphics.Blocks,
            _ => _wanted,
        };
        if (kind != _picture.Kind)
        {
            _picture = kind switch
            {
                TerminalGraphics.Kitty => new KittyPicture(),
                TerminalGraphics.Sixel => new SixelPicture(),
                _ => new BlockPicture(_glyphs),
            };
        }

        (int cellWidth, int cellHeight) = kind == TerminalGraphics.Blocks ? (GlyphReader.Width, GlyphReader.Height) : cell!.Value;
        TextSize = (Math.Max(columns, MinColumns), Math.Max(rows - 1, MinRows));
        Size = (TextSize.Columns * cellWidth, (TextSize.Rows + 1) * cellHeight);
    }

    public void Dispose() => _terminal.Dispose();
}
