using Hyperspace.Seat.Display.Guests;
using Hyperspace.Seat.Display.Outputs;
using Hyperspace.Seat.Display.Text;

namespace Hyperspace.Seat.Display.Compositor;

/// <summary>
/// Puts the monitor's picture together: the trusted bar, and below it one guest's picture or a page of text. It touches only what has
/// changed, and it writes a guest's pixels nowhere but inside <see cref="GuestArea"/>: that is what makes the bar trusted.
/// </summary>
public sealed class ScreenCompositor : Frame
{
    /// <summary>Rows of pixels above and below the bar's text.</summary>
    public const int BarPadding = 4;

    /// <summary>What surrounds a picture that is smaller than the area.</summary>
    private const uint Surround = 0x101014;

    private readonly IOutput _output;

    /// <summary>Null for an output that shows text itself.</summary>
    private TextPainter? _barPainter;
    private TextPainter? _pagePainter;
    private uint[] _pixels = [];
    private CellGrid? _text;
    private GuestDisplay? _guest;
    private Placement _placement;
    private PixelRect _guestDamage;
    private bool _all = true;
    private uint[] _scaledRow = [];

    public ScreenCompositor(IOutput output)
    {
        _output = output;
        Bar = new CellGrid(output.TextSize.Columns, 1);
        Resize(output);
    }

    public override CellGrid Bar { get; }
    public override CellGrid? Text => _text;
    public override ReadOnlySpan<uint> Pixels => _pixels;
    public override int Width => _width;
    public override int Height => _height;
    public override int BarHeight => _barHeight;

    private int _width;
    private int _height;
    private int _barHeight;

    /// <summary>An output that shows text itself consists of cells: a picture begins with a cell, so that a text console's characters lie on cells.</summary>
    private (int X, int Y) _step = (1, 1);

    private bool _pans;
    private Panning _panning;

    /// <summary>All that a guest can draw on.</summary>
    public PixelRect GuestArea => new(0, BarHeight, Width, Height - BarHeight);

    /// <summary>Where the focused guest's picture is.</summary>
    public Placement Placement => _placement;

    /// <summary>True when there is something to compose.</summary>
    public bool IsDirty { get; private set; } = true;

    /// <summary>The cells of a page below the bar, for an output whose text is drawn into its pixels.</summary>
    public static (int Columns, int Rows) TextSize((int Width, int Height) size, PsfFont font) => (size.Width / font.Width, (size.Height - font.Height - 2 * BarPadding) / font.Height);

    /// <summary>Takes the output's size and its font.</summary>
    /// <exception cref="ArgumentException">The output wants pixels and has no font: there would be no bar.</exception>
    public void Resize(IOutput output)
    {
        if (output.WantsPixelText)
        {
            PsfFont font = output.Font ?? throw new ArgumentException("This output draws text as pixels and needs a font.", nameof(output));
            if (_barPainter?.Font != font)
            {
                (_barPainter, _pagePainter) = (new TextPainter(font), new TextPainter(font));
            }
        }

        (_width, _height) = output.Size;
        _barHeight = Math.Min(_height, _barPainter is null ? _height / (output.TextSize.Rows + 1) : _barPainter.Font.Height + 2 * BarPadding);
        _step = _barPainter is null ? (Math.Max(1, _width / output.TextSize.Columns), Math.Max(1, _barHeight)) : (1, 1);
        _pans = output.PansPictures;
        _panning.Reset();
        _pixels = new uint[_width * _height];
        Bar.Resize(output.TextSize.Columns, 1);
        _barPainter?.Invalidate();
        Invalidate();
    }

    /// <summary>Shows a page of text: port 0, or a placeholder.</summary>
    public void ShowText(CellGrid text)
    {
        if (!ReferenceEquals(_text, text))
        {
            (_text, _guest) = (text, null);
            Invalidate();
        }

        IsDirty = true;
    }

    /// <summary>Shows a guest that has a picture; nothing happens when it is shown already.</summary>
    public void ShowGuest(GuestDisplay guest)
    {
        if (!ReferenceEquals(_guest, guest))
        {
            (_text, _guest) = (null, guest);
            _panning.Reset();
            Invalidate();
        }
    }

    /// <summary>Everything is composed anew the next time.</summary>
    public void Invalidate()
    {
        _all = true;
        IsDirty = true;
        _pagePainter?.Invalidate();
        if (_guest?.Surface is { } surface)
        {
            _placement = _pans
                ? Placement.Panned(GuestArea, surface.Width, surface.Height, _panning.X, _panning.Y, _step.X, _step.Y)
                : Placement.Of(GuestArea, surface.Width, surface.Height, _step.X, _step.Y);
        }
    }

    /// <summary>Part of the shown guest's screen has changed (its pixels). Other guests' damage costs nothing: theirs is read when they are shown.</summary>
    /// <returns>True when the picture has moved on the monitor, because the change would not have been seen.</returns>
    public bool Damage(GuestDisplay guest, PixelRect rect)
    {
        if (!ReferenceEquals(guest, _guest))
        {
            return false;
        }

        _guestDamage = _guestDamage.Union(rect);
        IsDirty = true;
        if (!_pans || guest.Surface is not { } surface || !_panning.Follow(rect, GuestArea, surface.Width, surface.Height, _step))
        {
            return false;
        }

        Invalidate();
        return true;
    }

    /// <summary>The bar's cells have changed.</summary>
    public void BarChanged() => IsDirty = true;

    /// <summary>Composes what has changed. Returns the monitor's pixels that are different now.</summary>
    public PixelRect Compose()
    {
        PixelRect damage = ComposeBar();
        if (_all)
        {
            Clear();
        }

        if (_guest?.Surface is { } surface)
        {
            damage = damage.Union(ComposeGuest(surface, _all ? surface.Bounds : _guestDamage));
        }
        else if (_text is { } text && _pagePainter is { } painter)
        {
            (int x, int y) = ((Width - text.Columns * painter.Font.Width) / 2, BarHeight + (GuestArea.Height - text.Rows * painter.Font.Height) / 2);
            damage = damage.Union(painter.Paint(text, _pixels, Width, x, y));
        }

        if (_all)
        {
            damage = damage.Union(GuestArea);
        }

        (_all, IsDirty, _guestDamage) = (false, false, default);
        return damage;
    }

    private PixelRect ComposeBar()
    {
        if (_barPainter is null)
        {
            return new PixelRect(0, 0, Width, BarHeight);
        }

        if (_all)
        {
            _pixels.AsSpan(0, Width * BarHeight).Fill(Bar[0, 0].Background.Value);
            _barPainter.Invalidate();
        }

        int x = (Width - Bar.Columns * _barPainter.Font.Width) / 2;
        PixelRect damage = _barPainter.Paint(Bar, _pixels, Width, x, BarPadding);
        return _all ? new PixelRect(0, 0, Width, BarHeight) : damage;
    }

    private void Clear()
    {
        uint paper = _text is null ? Surround : _text[0, 0].Background.Value;
        bool covered = _guest?.Surface is not null && _placement.Target == GuestArea;
        if (!covered)
        {
            _pixels.AsSpan(Width * BarHeight).Fill(paper);
        }
    }

    private PixelRect ComposeGuest(GuestSurface surface, PixelRect damage)
    {
        PixelRect target = _placement.ToMonitor(damage).Intersect(GuestArea);
        if (target.IsEmpty)
        {
            return default;
        }

        if (_placement.IsScaled)
        {
            CopyScaled(surface, target);
        }
        else
        {
            var source = new PixelRect(target.X - _placement.Target.X, target.Y - _placement.Target.Y, target.Width, target.Height);
            surface.CopyTo(source, _pixels.AsSpan(target.Y * Width + target.X), Width);
        }

        if (!_output.TakesCursor)
        {
            DrawCursor(_guest!.Cursor, target);
        }

        return target;
    }

    private void CopyScaled(GuestSurface surface, PixelRect target)
    {
        if (_scaledRow.Length < surface.Width)
        {
            _scaledRow = new uint[surface.Width];
        }

        int have = -1;
        for (int y = target.Y; y < target.Bottom; y++)
        {
            int sourceY = (int)((long)(y - _placement.Target.Y) * surface.Height / _placement.Target.Height);
            if (sourceY != have)
            {
                have = sourceY;
                surface.CopyTo(new PixelRect(0, sourceY, surface.Width, 1), _scaledRow, surface.Width);
            }

            Span<uint> line = _pixels.AsSpan(y * Width + target.X, target.Width);
            for (int x = 0; x < line.Length; x++)
            {
                line[x] = _scaledRow[(int)((long)(target.X + x - _placement.Target.X) * surface.Width / _placement.Target.Width)];
            }
        }
    }

    /// <summary>Blends the guest's pointer over what was just copied, unscaled, and only inside that.</summary>
    private void DrawCursor(GuestCursor cursor, PixelRect inside)
    {
        if (cursor.Bounds.IsEmpty)
        {
            return;
        }

        PixelRect place = CursorOnMonitor(cursor);
        PixelRect visible = place.Intersect(inside);
        for (int y = visible.Y; y < visible.Bottom; y++)
        {
            for (int x = visible.X; x < visible.Right; x++)
            {
                uint over = cursor.Pixels[(y - place.Y) * cursor.Width + (x - place.X)];
                ref uint under = ref _pixels[y * Width + x];
                under = Blend(over, under);
            }
        }
    }

    /// <summary>The focused guest's pointer for an output that shows it itself.</summary>
    /// <param name="at">Where the seat has it, in pixels of the monitor; null: where the guest has put it.</param>
    public CursorState CursorFor(GuestDisplay? guest, (int X, int Y)? at)
    {
        if (guest is null || guest.Cursor.Bounds.IsEmpty || !ReferenceEquals(guest, _guest))
        {
            return default;
        }

        GuestCursor cursor = guest.Cursor;
        PixelRect place = CursorOnMonitor(cursor);
        (int x, int y) = at is { } spot ? (spot.X - cursor.HotX, spot.Y - cursor.HotY) : (place.X, place.Y);
        return new CursorState(cursor.Picture, x, y, GuestArea);
    }

    private PixelRect CursorOnMonitor(GuestCursor cursor)
    {
        PixelRect spot = _placement.ToMonitor(new PixelRect(Math.Max(cursor.X, 0), Math.Max(cursor.Y, 0), 1, 1));
        return new PixelRect(spot.X - cursor.HotX, spot.Y - cursor.HotY, cursor.Width, cursor.Height);
    }

    /// <summary>Premultiplied alpha: over + under * (255 - alpha) / 255, the two halves of the word at a time.</summary>
    private static uint Blend(uint over, uint under)
    {
        uint rest = 255 - (over >> 24);
        if (rest == 255)
        {
            return under;
        }

        uint redBlue = (((under & 0xFF00FF) * rest) >> 8) & 0xFF00FF;
        uint green = (((under & 0x00FF00) * rest) >> 8) & 0x00FF00;
        return ((over & 0xFF00FF) + redBlue) | ((over & 0x00FF00) + green);
    }
}
