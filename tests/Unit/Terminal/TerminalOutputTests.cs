using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Hyperspace.Protocols.Terminal;
using Hyperspace.Seat.Display.Outputs;
using Hyperspace.Seat.Display.Text;
using Hyperspace.Seat.Terminals;

namespace Hyperspace.Tests.Unit.Terminal;

/// <summary>A terminal that shows at once all that it is sent.</summary>
internal sealed class QuickTerminal(int columns, int rows) : ITerminal
{
    public VtScreen Screen { get; private set; } = NewScreen(columns, rows);
    public (int Columns, int Rows) Size { get; private set; } = (columns, rows);
    public (int Width, int Height)? CellPixels { get; set; }
    public bool HasSixel { get; set; }
    public bool ReportsReleases { get; set; }
    public bool HasKittyGraphics { get; set; }
    public bool IsReady => true;
    public Action? Changed { get; set; }
    public Action? ReadyAgain { get; set; }
    public Action? ScreenLost { get; set; }
    public int LastFrame { get; private set; }
    public int Frames { get; private set; }
    public bool Disposed { get; private set; }

    public void SendFrame(ReadOnlySpan<byte> frame)
    {
        (LastFrame, Frames) = (frame.Length, Frames + 1);
        Screen.Feed(frame);
        Assert.DoesNotContain(2026, Screen.Modes);
    }

    public void Resize(int newColumns, int newRows)
    {
        Size = (newColumns, newRows);
        Screen = NewScreen(newColumns, newRows);
        Changed?.Invoke();
    }

    public void Dispose() => Disposed = true;

    private static VtScreen NewScreen(int columns, int rows)
    {
        var screen = new VtScreen(columns, rows);
        screen.Feed("\u001b[?7l"u8);
        return screen;
    }
}

/// <summary>A frame made by hand.</summary>
internal sealed class HandmadeFrame : Frame
{
    public HandmadeFrame(IOutput output)
    {
        (Width, Height) = output.Size;
        BarHeight = Height / (output.TextSize.Rows + 1);
        Grid = new uint[Width * Height];
        Bar = new CellGrid(output.TextSize.Columns, 1);
    }

    public uint[] Grid { get; }
    public CellGrid? Page { get; set; }
    public override CellGrid Bar { get; }
    public override CellGrid? Text => Page;
    public override ReadOnlySpan<uint> Pixels => Grid;
    public override int Width { get; }
    public override int Height { get; }
    public override int BarHeight { get; }
    public PixelRect All => new(0, 0, Width, Height);

    public void Fill(int x, int y, int width, int height, uint color)
    {
        for (int row = y; row < y + height; row++)
        {
            Grid.AsSpan(row * Width + x, width).Fill(color);
        }
    }

    public void Draw(PsfFont font, int x, int y, string text, uint ink, uint paper)
    {
        var page = new CellGrid(text.Length, 1);
        page.Write(0, 0, text, new Rgb(ink), new Rgb(paper));
        new TextPainter(font).Paint(page, Grid, Width, x, y);
    }
}

public class TerminalOutputTests
{
    private static readonly Rgb Ink = new(0xE0E0E0), Paper = new(0x101018);

    /// <summary>An 8x16 font whose glyphs are their code twice in two rows, all different.</summary>
    private static PsfFont Font()
    {
        var data = new List<byte> { 0x36, 0x04, 0, 16 };
        for (int glyph = 0; glyph < 256; glyph++)
        {
            data.AddRange(Enumerable.Range(0, 16).Select(row => glyph == ' ' ? (byte)0 : row is 4 ? (byte)(glyph >> 1) : row is 8 or 9 ? (byte)(glyph & 0x7F) : (byte)0));
        }

        return PsfFont.Parse([.. data]);
    }

    private static void AssertShows(VtScreen screen, CellGrid grid, int top)
    {
        for (int row = 0; row < grid.Rows && top + row < screen.Rows; row++)
        {
            for (int column = 0; column < Math.Min(grid.Columns, screen.Columns); column++)
            {
                Cell cell = grid[column, row];
                var expected = new TerminalCell(cell.Character, cell.Foreground.Value, cell.Background.Value, cell.Bold);
                expected = cell.Character == ' ' ? expected with { Foreground = 0, Bold = false } : expected;
                Assert.Equal(expected, screen[column, top + row]);
            }
        }
    }

    [Fact]
    public void Any_pages_after_each_other_are_what_the_terminal_shows()
    {
        var edit = from column in Gen.Choose(0, 44) from row in Gen.Choose(0, 9) from text in Gen.Elements("x", "two words", "─█", " ")
                   from bold in Gen.Elements(true, false) from ink in Gen.Elements(0xFF0000u, 0x00FF00u) select (column, row, text, bold, ink);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(200).WithQuietOnSuccess(true), Prop.ForAll(edit.ListOf().ToArbitrary(), edits =>
        {
            var terminal = new QuickTerminal(45, 11);
            using var output = new TerminalOutput(terminal, TerminalGraphics.Auto, null);
            Assert.Equal((45, 10), output.TextSize);
            var frame = new HandmadeFrame(output) { Page = new CellGrid(45, 10) };
            frame.Bar.Clear(new Cell('b', Ink, Paper));
            output.Present(frame, frame.All);
            int step = 0;
            foreach (var (column, row, text, bold, ink) in edits)
            {
                frame.Page.Write(column, row, text, new Rgb(ink), Paper, bold);
                frame.Page.Cursor = step++ % 3 == 0 ? (column, row) : null;
                output.Present(frame, frame.All);
                AssertShows(terminal.Screen, frame.Bar, 0);
                AssertShows(terminal.Screen, frame.Page, 1);
                Assert.Equal(frame.Page.Cursor is { } c ? (c.Column, c.Row + 1) : null, terminal.Screen.Cursor);
            }
        }));
    }

    [Theory]
    [InlineData(false, "Alt+Esc")]
    [InlineData(true, "Ctrl+Alt+Esc")]
    public void The_attention_key_is_named_as_this_terminal_can_report_it(bool releases, string key)
    {
        using var output = new TerminalOutput(new QuickTerminal(80, 25) { ReportsReleases = releases }, TerminalGraphics.Auto, null);
        Assert.Equal(key, output.AttentionKey);
    }

    [Fact]
    public void Nothing_is_sent_when_nothing_has_changed()
    {
        var terminal = new QuickTerminal(80, 25);
        using var output = new TerminalOutput(terminal, TerminalGraphics.Auto, null);
        var frame = new HandmadeFrame(output) { Page = new CellGrid(80, 24) };
        output.Present(frame, frame.All);
        output.Present(frame, frame.All);
        Assert.Equal(1, terminal.Frames);
        frame.Page.Write(3, 4, "x", Ink, Paper);
        output.Present(frame, frame.All);
        Assert.InRange(terminal.LastFrame, 1, 80);
    }

    [Fact]
    public void Blocks_are_the_average_colours_of_half_cells()
    {
        var terminal = new QuickTerminal(80, 25);
        using var output = new TerminalOutput(terminal, TerminalGraphics.Auto, null);
        Assert.Equal((640, 400), output.Size);
        var frame = new HandmadeFrame(output);
        frame.Fill(0, 16, 8, 8, 0xFF4020);
        frame.Fill(0, 24, 4, 8, 0x808080);
        frame.Fill(8, 16, 8, 16, 0x123456);
        frame.Fill(0, 0, 640, 16, 0xFFFFFF);
        output.Present(frame, frame.All);
        Assert.Equal(new TerminalCell('▀', 0xFF4020, 0x404040), terminal.Screen[0, 1]);
        Assert.Equal(new TerminalCell(' ', 0, 0x123456), terminal.Screen[1, 1]);
        // What is in the bar's pixels is not shown: the bar is cells.
        AssertShows(terminal.Screen, frame.Bar, 0);
    }

    [Fact]
    public void Only_damaged_cells_are_looked_at_and_all_after_a_page_of_text()
    {
        var terminal = new QuickTerminal(80, 25);
        using var output = new TerminalOutput(terminal, TerminalGraphics.Auto, null);
        var frame = new HandmadeFrame(output);
        output.Present(frame, frame.All);
        frame.Fill(0, 16, 640, 384, 0x00FF00);
        output.Present(frame, new PixelRect(15, 31, 2, 2));
        Assert.Equal(0x00FF00u, terminal.Screen[1, 1].Background);
        Assert.Equal(0x00FF00u, terminal.Screen[2, 2].Background);
        Assert.Equal(0u, terminal.Screen[3, 1].Background);
        frame.Page = new CellGrid(80, 24);
        output.Present(frame, frame.All);
        frame.Page = null;
        output.Present(frame, default);
        Assert.Equal(0x00FF00u, terminal.Screen[79, 24].Background);
    }

    [Fact]
    public void A_guests_text_is_shown_as_text()
    {
        PsfFont font = Font();
        var terminal = new QuickTerminal(80, 25);
        using var output = new TerminalOutput(terminal, TerminalGraphics.Auto, new GlyphReader([font]));
        var frame = new HandmadeFrame(output);
        frame.Fill(0, 16, 640, 384, 0x000000);
        frame.Draw(font, 16, 16, "login:", 0xAAAAAA, 0);
        frame.Draw(font, 0, 384, "end", 0x000000, 0xAAAAAA);
        // A pixel more, and it is no character.
        frame.Draw(font, 0, 32, "ab", 0xAAAAAA, 0);
        frame.Grid[33 * frame.Width + 8] = 0xAAAAAA;
        output.Present(frame, frame.All);
        Assert.Equal("  login:", terminal.Screen.TextOf(1));
        Assert.Equal(new TerminalCell('l', 0xAAAAAA, 0), terminal.Screen[2, 1]);
        Assert.Equal("a▀", terminal.Screen.TextOf(2));
        Assert.Equal(new TerminalCell('e', 0x000000, 0xAAAAAA), terminal.Screen[0, 24]);
    }

    /// <summary>Two glyphs of lib/fonts/font_8x16.c: A, and the double line of code page 437.</summary>
    [Theory]
    [InlineData("000010386cc6c6fec6c6c6c600000000", 'A')]
    [InlineData("00001c36323078303030307800000000", 'f')]
    [InlineData("0000000000ff00ff0000000000000000", '═')]
    [InlineData("00000000000000ff0000000000000000", '─')]
    [InlineData("000010386cc6c6fec6c6c6c600000001", null)]
    public void The_font_that_is_built_into_Linux_is_known_without_any_other(string glyph, char? character)
    {
        uint[] pixels = [.. Convert.FromHexString(glyph).SelectMany(row => Enumerable.Range(0, 8).Select(bit => (row & (0x80 >> bit)) != 0 ? 0xFF00AAAAu : 0x000000AA))];
        bool found = new GlyphReader([]).TryRead(pixels, 8, out TerminalCell cell);
        Assert.Equal(character is not null, found);
        Assert.Equal(character is { } c ? new TerminalCell(c, 0x00AAAA, 0x0000AA) : default, cell);
    }

    [Fact]
    public void The_guests_cursor_does_not_hide_its_character()
    {
        PsfFont font = Font();
        var terminal = new QuickTerminal(80, 25);
        using var output = new TerminalOutput(terminal, TerminalGraphics.Auto, new GlyphReader([font]));
        var frame = new HandmadeFrame(output);
        frame.Draw(font, 0, 16, "x ", 0xAAAAAA, 0);
        frame.Fill(0, 30, 16, 2, 0xAAAAAA);
        output.Present(frame, frame.All);
        Assert.Equal(new TerminalCell('x', 0, 0xAAAAAA), terminal.Screen[0, 1]);
        Assert.Equal(new TerminalCell('▁', 0xAAAAAA, 0), terminal.Screen[1, 1]);
    }

    [Fact]
    public void A_resize_is_told_and_everything_is_drawn_anew()
    {
        var terminal = new QuickTerminal(80, 25);
        using var output = new TerminalOutput(terminal, TerminalGraphics.Auto, null);
        int resized = 0;
        output.Resized = () => resized++;
        var frame = new HandmadeFrame(output) { Page = new CellGrid(80, 24) };
        output.Present(frame, frame.All);
        terminal.Changed!();
        Assert.Equal(0, resized);
        terminal.Resize(100, 40);
        Assert.Equal(1, resized);
        Assert.Equal(((800, 640), (100, 39)), (output.Size, output.TextSize));
        frame = new HandmadeFrame(output) { Page = new CellGrid(100, 39) };
        frame.Page.Write(90, 38, "corner", Ink, Paper);
        output.Present(frame, frame.All);
        AssertShows(terminal.Screen, frame.Page, 1);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(20, 3)]
    public void A_terminal_that_is_too_small_shows_the_upper_left(int columns, int rows)
    {
        var terminal = new QuickTerminal(columns, rows);
        using var output = new TerminalOutput(terminal, TerminalGraphics.Auto, null);
        var frame = new HandmadeFrame(output) { Page = new CellGrid(output.TextSize.Columns, output.TextSize.Rows) };
        frame.Bar.Clear(new Cell('b', Ink, Paper));
        output.Present(frame, frame.All);
        AssertShows(terminal.Screen, frame.Bar, 0);
        frame.Page = null;
        output.Present(frame, frame.All);
        AssertShows(terminal.Screen, frame.Bar, 0);
    }

    [Theory]
    [InlineData(TerminalGraphics.Auto, true, true, TerminalGraphics.Kitty)]
    [InlineData(TerminalGraphics.Auto, true, false, TerminalGraphics.Sixel)]
    [InlineData(TerminalGraphics.Auto, false, false, TerminalGraphics.Blocks)]
    [InlineData(TerminalGraphics.Blocks, true, true, TerminalGraphics.Blocks)]
    [InlineData(TerminalGraphics.Sixel, false, true, TerminalGraphics.Sixel)]
    public void Graphics_are_what_was_asked_for_or_the_best(TerminalGraphics wanted, bool sixel, bool kitty, TerminalGraphics shown)
    {
        var terminal = new QuickTerminal(80, 25) { HasSixel = sixel, HasKittyGraphics = kitty, CellPixels = (9, 18) };
        using var output = new TerminalOutput(terminal, wanted, null);
        Assert.Equal(shown, output.Graphics);
        Assert.Equal(shown == TerminalGraphics.Blocks ? (640, 400) : (720, 450), output.Size);
        terminal.CellPixels = null;
        using var unknown = new TerminalOutput(terminal, wanted, null);
        Assert.Equal(TerminalGraphics.Blocks, unknown.Graphics);
    }

    [Fact]
    public void Sixels_cover_the_damaged_cells_and_do_not_reach_below_the_screen()
    {
        var terminal = new QuickTerminal(80, 25) { HasSixel = true, CellPixels = (9, 17) };
        using var output = new TerminalOutput(terminal, TerminalGraphics.Auto, null);
        var frame = new HandmadeFrame(output);
        output.Present(frame, frame.All);
        // 24 rows of 17 are 408 pixels: 68 bands exactly.
        Assert.Equal((0, 1), (terminal.Screen.Strings[0].Column, terminal.Screen.Strings[0].Row));
        Assert.StartsWith("0;1q\"1;1;720;408#", terminal.Screen.Strings[0].Text);
        output.Present(frame, new PixelRect(10, 20, 1, 16));
        Assert.Equal((1, 1), (terminal.Screen.Strings[1].Column, terminal.Screen.Strings[1].Row));
        Assert.Contains("\"1;1;9;34#", terminal.Screen.Strings[1].Text);
        output.Present(frame, new PixelRect(0, 424, 1, 1));
        Assert.Contains("\"1;1;9;12#", terminal.Screen.Strings[2].Text);
        frame.Page = new CellGrid(80, 24);
        output.Present(frame, frame.All);
        AssertShows(terminal.Screen, frame.Page, 1);
    }

    [Fact]
    public void Kitty_graphics_are_a_picture_a_row_and_go_with_the_guest()
    {
        var terminal = new QuickTerminal(80, 25) { HasKittyGraphics = true, CellPixels = (8, 16) };
        using var output = new TerminalOutput(terminal, TerminalGraphics.Auto, null);
        var frame = new HandmadeFrame(output);
        output.Present(frame, frame.All);
        Assert.Equal(24, terminal.Screen.Commands.Count(c => c.Text.StartsWith("Ga=T", StringComparison.Ordinal)));
        output.Present(frame, new PixelRect(600, 35, 2, 2));
        var (column, row, text) = terminal.Screen.Commands[^1];
        Assert.Equal((0, 2), (column, row));
        Assert.Contains("i=2,s=640,v=16", text);
        frame.Page = new CellGrid(80, 24);
        output.Present(frame, frame.All);
        Assert.Equal("Ga=d,d=A,q=2", terminal.Screen.Commands[^1].Text);
        AssertShows(terminal.Screen, frame.Page, 1);
    }

    [Fact]
    public void The_terminal_is_given_back_with_the_output()
    {
        var terminal = new QuickTerminal(80, 25);
        new TerminalOutput(terminal, TerminalGraphics.Auto, null).Dispose();
        Assert.True(terminal.Disposed);
    }
}
