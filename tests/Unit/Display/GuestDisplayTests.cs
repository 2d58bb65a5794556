using Hyperspace.Linux.Reactor;
using Hyperspace.Seat.Display.Compositor;
using Hyperspace.Seat.Display.Guests;
using Hyperspace.Seat.Display.Outputs;
using Hyperspace.Seat.Display.Text;
using Hyperspace.Seat.Input;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Tests.Unit.Display;

/// <summary>A guest's display against a scripted QEMU: what a guest does to the monitor's picture, and what it cannot do.</summary>
public sealed class GuestDisplayTests : IDisposable, IGuestDisplayEvents
{
    private const uint Red = 0xFF0000;
    private const uint Blue = 0x0000FF;

    private readonly Reactor _reactor = new();
    private readonly FakeQemuDisplay _qemu;
    private readonly GuestDisplay _display;
    private readonly HeadlessOutput _output;
    private readonly ScreenCompositor _compositor;
    private string? _closed;
    private int _scanouts;
    private int _damages;

    public GuestDisplayTests()
    {
        PsfFont font = PsfFont.Load("/usr/share/consolefonts/Uni2-Terminus16.psf.gz");
        _output = new HeadlessOutput(1280, 824, font);
        _compositor = new ScreenCompositor(_output);
        _qemu = new FakeQemuDisplay(_reactor);
        _display = new GuestDisplay(_reactor, "guest", _qemu.Socket, this);
        Until(() => _qemu.HasListener);
    }

    [Fact]
    public void A_shared_picture_appears_below_the_bar_and_only_there()
    {
        using SafeFileHandle picture = FakeQemuDisplay.Picture(1280, 800, Red);
        Show(picture, 1280, 800);
        uint[] bar = _compositor.Pixels[..(1280 * _compositor.BarHeight)].ToArray();
        Assert.DoesNotContain(Red, bar);
        Assert.All(_compositor.Pixels[(1280 * _compositor.BarHeight)..].ToArray(), p => Assert.Equal(Red, p));
    }

    [Fact]
    public void An_update_brings_only_its_own_rectangle()
    {
        using SafeFileHandle picture = FakeQemuDisplay.Picture(1280, 800, Red);
        Show(picture, 1280, 800);
        FakeQemuDisplay.Fill(picture, 1280, new PixelRect(0, 0, 1280, 800), Blue);
        _qemu.UpdateMap(100, 50, 10, 20);
        Until(() => _damages == 1);
        PixelRect damage = _compositor.Compose();
        Assert.Equal(new PixelRect(100, 50 + _compositor.BarHeight, 10, 20), damage);
        Assert.Equal(200, _compositor.Pixels.ToArray().Count(p => p == Blue));
    }

    [Fact]
    public void An_update_outside_the_picture_is_cut_to_it_and_never_reaches_the_bar()
    {
        using SafeFileHandle picture = FakeQemuDisplay.Picture(1280, 800, Red);
        Show(picture, 1280, 800);
        FakeQemuDisplay.Fill(picture, 1280, new PixelRect(0, 0, 1280, 800), Blue);
        _qemu.UpdateMap(-50, -2000, int.MaxValue, 2010);
        _qemu.UpdateMap(1279, 799, 10, 10);
        Until(() => _display.Updates == 3);
        _compositor.Compose();
        Assert.DoesNotContain(Blue, _compositor.Pixels[..(1280 * _compositor.BarHeight)].ToArray());
        Assert.Null(_closed);
    }

    [Fact]
    public void A_file_that_becomes_shorter_is_black_where_it_ended_and_kills_nobody()
    {
        using SafeFileHandle picture = FakeQemuDisplay.Picture(1280, 800, Red);
        Show(picture, 1280, 800);
        RandomAccess.SetLength(picture, 1280 * 4 * 100);
        _compositor.Invalidate();
        _compositor.Compose();
        ReadOnlySpan<uint> below = _compositor.Pixels[(1280 * _compositor.BarHeight)..];
        Assert.Equal(Red, below[1280 * 99]);
        Assert.Equal(0u, below[1280 * 100]);
    }

    [Theory]
    [InlineData(1280u, 801u, 5120u, 0x20020888u, "do not fit")]
    [InlineData(100_000u, 1u, 400_000u, 0x20020888u, "100000x1 pixels")]
    [InlineData(1280u, 800u, 5120u, 7u, "unknown pixel format")]
    public void A_picture_that_makes_no_sense_closes_this_display_with_the_reason(uint width, uint height, uint stride, uint format, string expected)
    {
        using SafeFileHandle picture = FakeQemuDisplay.Picture(1280, 800, Red);
        _qemu.ScanoutMap(picture, width, height, stride, format);
        Until(() => _closed is not null);
        Assert.Contains(expected, _closed);
        Assert.Equal(0, _scanouts);
    }

    [Fact]
    public void A_message_with_wrong_arguments_closes_this_display()
    {
        _qemu.SendSenselessUpdate();
        Until(() => _closed is not null);
        Assert.Contains("arguments expected", _closed);
    }

    [Fact]
    public void A_QEMU_that_goes_away_is_reported_once_and_input_to_it_is_silently_lost()
    {
        _qemu.Dispose();
        Until(() => _closed is not null);
        _display.Key(KeyCode.A, true);
        _display.PointerTo(1, 1);
        _display.SetMonitor(new MonitorSize(800, 600, 200, 150));
        Assert.Contains("closed the connection", _closed);
    }

    [Fact]
    public void Keys_arrive_as_QEMUs_key_numbers_and_in_order()
    {
        _display.Key(KeyCode.RightCtrl, true);
        _display.Key(KeyCode.A, true);
        _display.Key(KeyCode.A, false);
        _display.Key(KeyCode.RightCtrl, false);
        Until(() => _qemu.Calls.Count == 4);
        Assert.Equal(["Press 157", "Press 30", "Release 30", "Release 157"], _qemu.Calls);
    }

    [Fact]
    public void A_guest_with_an_absolute_pointer_gets_positions_and_buttons_in_order()
    {
        Until(() => _display.Leds == 2);
        _display.PointerTo(5, 6);
        _display.Buttons(PointerButtons.Left, PointerButtons.None);
        _display.Buttons(PointerButtons.None, PointerButtons.Left);
        Until(() => _qemu.Calls.Count == 3);
        Assert.Equal(["SetAbsPosition 5 6", "Press 0", "Release 0"], _qemu.Calls);
    }

    [Fact]
    public void Composing_and_receiving_allocate_nothing_per_frame()
    {
        using SafeFileHandle picture = FakeQemuDisplay.Picture(1280, 800, Red);
        Show(picture, 1280, 800);
        RunFrames(50);
        long before = GC.GetAllocatedBytesForCurrentThread();
        RunFrames(100);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private void RunFrames(int count)
    {
        for (int i = 0; i < count; i++)
        {
            int wanted = _damages + 1;
            _qemu.UpdateMap(0, 0, 1280, 800);
            while (_damages < wanted)
            {
                _reactor.RunOnce(TimeSpan.FromSeconds(1));
            }

            _compositor.Compose();
        }
    }

    private void Show(SafeFileHandle picture, uint width, uint height)
    {
        _qemu.ScanoutMap(picture, width, height, width * 4);
        Until(() => _scanouts == 1);
        _compositor.ShowGuest(_display);
        _compositor.Compose();
    }

    private void Until(Func<bool> condition)
    {
        long deadline = Reactor.Now + 10_000_000_000;
        while (!condition())
        {
            Assert.True(Reactor.Now < deadline, "The scripted QEMU and the display did not come to an end within 10 s.");
            _reactor.RunOnce(TimeSpan.FromMilliseconds(100));
        }
    }

    void IGuestDisplayEvents.ScanoutChanged(GuestDisplay display) => _scanouts++;

    void IGuestDisplayEvents.Damaged(GuestDisplay display, PixelRect rect)
    {
        _damages++;
        _compositor.Damage(display, rect);
    }

    void IGuestDisplayEvents.CursorChanged(GuestDisplay display, PixelRect before)
    {
    }

    void IGuestDisplayEvents.LedsChanged(GuestDisplay display)
    {
    }

    void IGuestDisplayEvents.Closed(GuestDisplay display, string why) => _closed = why;

    public void Dispose()
    {
        _display.Dispose();
        _qemu.Dispose();
        _reactor.Dispose();
    }
}
