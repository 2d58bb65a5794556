using Hyperspace.Linux.Reactor;
using Hyperspace.Protocols.DBusDisplay;
using Hyperspace.Seat.Display.Guests;
using Hyperspace.Seat.Display.Outputs;
using Hyperspace.Seat.Sound;
using Hyperspace.Tests.Unit.Display;

namespace Hyperspace.Tests.Unit.Sound;

/// <summary>A guest's sound against a scripted QEMU: what is played, and what a QEMU that lies cannot do.</summary>
public sealed class GuestSoundTests : IDisposable, IGuestDisplayEvents
{
    private const int TenMs = SoundMixer.Rate / 100;

    private readonly Reactor _reactor = new();
    private readonly SoundMixer _mixer = new();
    private readonly FakeQemuDisplay _qemu;
    private GuestSound? _sound;
    private GuestDisplay? _display;
    private string? _closed;

    public GuestSoundTests() => _qemu = new FakeQemuDisplay(_reactor);

    [Fact]
    public void What_QEMU_writes_is_heard()
    {
        Connect();
        _qemu.SoundInit(7, PcmFormat.Played);
        short[] heard = Play(7, new Tone(1000), 40);
        Assert.Equal(0.5, Tone.Strength(heard.AsSpan(^(10 * TenMs * 2)..), 1000), 0.02);
        Assert.True(_sound!.IsPlaying);
    }

    [Fact]
    public void The_guests_own_volume_counts_for_each_channel_and_times_the_seats()
    {
        Connect();
        _sound!.Gain = Gain.Of(0.5);
        _qemu.SoundInit(7, PcmFormat.Played);
        _qemu.SoundVolume(7, false, 128, 0);
        short[] heard = Play(7, new Tone(1000), 40);
        Assert.Equal(0.125, Tone.Strength(heard.AsSpan(^(10 * TenMs * 2)..), 1000), 0.02);
        Assert.All(Enumerable.Range(heard.Length / 4, heard.Length / 4), i => Assert.Equal(0, heard[2 * i + 1]));

        _qemu.SoundVolume(7, true, 255, 255);
        heard = Play(7, new Tone(1000), 20);
        Assert.Equal(0, heard[^1]);
    }

    [Fact]
    public void A_stream_that_ended_or_was_never_begun_is_heard_no_more()
    {
        Connect();
        _qemu.SoundInit(7, PcmFormat.Played);
        Play(7, new Tone(1000), 5);
        _qemu.SoundFini(7);
        Assert.Empty(Play(7, new Tone(1000), 10));
        Assert.Empty(Play(8, new Tone(1000), 10));
        Assert.False(_sound!.IsPlaying);
        Assert.Null(_sound.Problem);
    }

    [Theory]
    [InlineData(8, 48_000, 2, 2)]
    [InlineData(16, 44_100, 2, 4)]
    [InlineData(32, 48_000, 2, 8)]
    [InlineData(16, 48_000, 1, 2)]
    public void A_format_that_is_not_played_is_ignored_with_a_reason(byte bits, uint frequency, byte channels, uint frame)
    {
        Connect();
        _qemu.SoundInit(7, new PcmFormat(bits, true, false, frequency, channels, frame));
        Assert.Empty(Play(7, new Tone(1000), 10));
        Assert.Contains($"{bits}-bit samples at {frequency} Hz", _sound!.Problem, StringComparison.Ordinal);
        Assert.Null(_closed);
    }

    [Theory]
    [InlineData(PcmFormat.MaxWriteBytes + 4)]
    [InlineData(1921)]
    public void A_write_that_makes_no_sense_ends_the_sound_and_not_the_display(int bytes)
    {
        Connect();
        _qemu.SoundInit(7, PcmFormat.Played);
        _qemu.SoundWrite(7, new byte[bytes]);
        Until(() => _sound!.Problem is not null);
        Assert.Contains($"{bytes} bytes", _sound!.Problem, StringComparison.Ordinal);
        Until(() => _qemu.LostSoundListener);
        Assert.Null(_closed);
        Assert.False(_sound.HasStream);
    }

    [Fact]
    public void A_QEMU_that_opens_stream_after_stream_gets_four()
    {
        Connect();
        for (ulong id = 1; id <= 50; id++)
        {
            _qemu.SoundInit(id, PcmFormat.Played);
        }

        _qemu.SoundWrite(4, new Tone(1000).Next(TenMs));
        Until(() => _sound!.IsPlaying);
        _qemu.SoundFini(4);
        Until(() => !_sound!.IsPlaying);
        _qemu.SoundWrite(5, new Tone(1000).Next(TenMs));
        _qemu.SoundWrite(1, new Tone(1000).Next(TenMs));
        Until(() => _sound!.IsPlaying);
        _qemu.SoundFini(1);
        Until(() => !_sound!.IsPlaying);
    }

    [Fact]
    public void A_QEMU_that_has_not_noticed_the_end_of_the_last_listener_is_asked_again()
    {
        _qemu.SoundRefusals = 1;
        Connect();
        Assert.Null(_sound!.Problem);
    }

    [Fact]
    public void A_QEMU_without_sound_is_left_alone_after_four_times()
    {
        _qemu.SoundRefusals = int.MaxValue;
        Connect(hears: false);
        Until(() => _sound!.Problem is not null);
        Assert.Equal(4, int.MaxValue - _qemu.SoundRefusals);
        Assert.Null(_closed);
        Assert.True(_qemu.HasListener);
    }

    private void Connect(bool hears = true)
    {
        _sound = new GuestSound(_reactor, _mixer, "guest") { Gain = Gain.Of(1) };
        _display = new GuestDisplay(_reactor, "guest", _qemu.Socket, this, _sound);
        Until(() => _qemu.HasListener && (!hears || _qemu.HasSoundListener));
    }

    /// <summary>Ten milliseconds at a time, as QEMU does.</summary>
    private short[] Play(ulong id, Tone tone, int rounds)
    {
        var heard = new List<short>();
        var part = new short[TenMs * 2];
        for (int i = 0; i < rounds; i++)
        {
            _qemu.SoundWrite(id, tone.Next(TenMs));
            for (int k = 0; k < 4; k++)
            {
                _reactor.RunOnce(TimeSpan.FromMilliseconds(1));
            }

            heard.AddRange(part.AsSpan(0, _mixer.Mix(part, starving: false) * 2));
        }

        return [.. heard];
    }

    private void Until(Func<bool> condition)
    {
        long deadline = Reactor.Now + 20_000_000_000;
        while (!condition())
        {
            Assert.True(Reactor.Now < deadline, $"Waited 20 s; the display says: {_closed}; the sound says: {_sound?.Problem}");
            _reactor.RunOnce(TimeSpan.FromMilliseconds(20));
        }
    }

    void IGuestDisplayEvents.ScanoutChanged(GuestDisplay display) { }

    void IGuestDisplayEvents.Damaged(GuestDisplay display, PixelRect rect) { }

    void IGuestDisplayEvents.CursorChanged(GuestDisplay display, PixelRect before) { }

    void IGuestDisplayEvents.LedsChanged(GuestDisplay display) { }

    void IGuestDisplayEvents.Closed(GuestDisplay display, string why) => _closed = why;

    public void Dispose()
    {
        _display?.Dispose();
        _qemu.Dispose();
        _reactor.Dispose();
    }
}
