using System.Runtime.InteropServices;
using FsCheck;
using FsCheck.Fluent;
using Hyperspace.Seat.Sound;

namespace Hyperspace.Tests.Unit.Sound;

/// <summary>The sum of the guests' sound: loudness, limits, latency.</summary>
public sealed class MixerTests
{
    private const int TenMs = SoundMixer.Rate / 100;
    private static readonly Gain Full = Gain.Of(1);

    private readonly SoundMixer _mixer = new();

    [Fact]
    public void A_voice_is_heard_as_it_was_sent()
    {
        SoundVoice voice = Voice(Full);
        short[] heard = Play(100, new Tone(1000), voice);
        Assert.Equal(0.5, Tone.Strength(heard.AsSpan(^(SoundMixer.Rate / 4)..), 1000), 0.01);
    }

    [Fact]
    public void A_ducked_voice_is_an_eighth_as_loud_and_the_other_one_is_not_touched()
    {
        SoundVoice ducked = Voice(Gain.Of(0.125)), loud = Voice(Full);
        short[] heard = Play(100, (new Tone(1000), ducked), (new Tone(3000), loud));
        Span<short> end = heard.AsSpan(^(SoundMixer.Rate / 4)..);
        Assert.Equal(0.0625, Tone.Strength(end, 1000), 0.005);
        Assert.Equal(0.5, Tone.Strength(end, 3000), 0.01);
    }

    [Fact]
    public void Channels_have_their_own_gains()
    {
        SoundVoice voice = Voice(new Gain(0, Gain.Full));
        short[] heard = Play(50, new Tone(1000), voice);
        Assert.All(Enumerable.Range(0, heard.Length / 2), i => Assert.Equal(0, heard[2 * i]));
        Assert.Contains(heard, sample => sample > 10_000);
    }

    [Fact]
    public void Sums_beyond_what_a_sample_can_be_stay_at_its_end()
    {
        SoundVoice a = Voice(Full), b = Voice(Full);
        var constant = new byte[TenMs * 4];
        MemoryMarshal.Cast<byte, short>(constant.AsSpan()).Fill(30_000);
        var low = new byte[TenMs * 4];
        MemoryMarshal.Cast<byte, short>(low.AsSpan()).Fill(-30_000);
        var heard = new short[TenMs * 2 * 3];
        foreach ((byte[] bytes, short end) in new[] { (constant, short.MaxValue), (low, short.MinValue) })
        {
            for (int i = 0; i < 3; i++)
            {
                _mixer.Put(a, bytes);
                _mixer.Put(b, bytes);
            }

            Assert.Equal(heard.Length / 2, _mixer.Mix(heard, starving: false));
            Assert.Equal(end, heard[^1]);
        }
    }

    /// <summary>From one frame to the next a full-scale constant moves by no more than a 480th of itself: no click.</summary>
    [Fact]
    public void A_change_of_loudness_is_a_ramp_of_ten_milliseconds()
    {
        SoundVoice voice = Voice(Full);
        var constant = new byte[TenMs * 4];
        MemoryMarshal.Cast<byte, short>(constant.AsSpan()).Fill(short.MaxValue);
        var all = new List<short>();
        var part = new short[TenMs * 2];
        for (int i = 0; i < 20; i++)
        {
            _mixer.SetGain(voice, i is < 7 or > 13 ? Full : Gain.Of(0.125));
            _mixer.Put(voice, constant);
            all.AddRange(part.AsSpan(0, _mixer.Mix(part, starving: false) * 2));
        }

        int[] steps = [.. Enumerable.Range(1, all.Count / 2 - 1).Select(i => Math.Abs(all[2 * i] - all[2 * i - 2]))];
        Assert.InRange(steps.Max(), 1, short.MaxValue / TenMs + 2);
        Assert.Contains(all, sample => sample > 32_000);
        Assert.Contains(all, sample => sample is > 4000 and < 4200);
    }

    [Fact]
    public void A_voice_begins_when_thirty_milliseconds_have_gathered()
    {
        SoundVoice voice = Voice(Full);
        var room = new short[TenMs * 2 * 4];
        var tone = new Tone(1000);
        _mixer.Put(voice, tone.Next(TenMs));
        _mixer.Put(voice, tone.Next(TenMs));
        Assert.Equal(0, _mixer.Mix(room, starving: true));
        _mixer.Put(voice, tone.Next(TenMs));
        Assert.Equal(3 * TenMs, _mixer.Mix(room, starving: true));
    }

    [Fact]
    public void A_voice_that_runs_dry_makes_the_device_wait_until_it_starves_and_then_gathers_anew()
    {
        SoundVoice voice = Voice(Full), other = Voice(Full);
        var room = new short[TenMs * 2 * 2];
        var tone = new Tone(1000);
        for (int i = 0; i < 4; i++)
        {
            _mixer.Put(voice, tone.Next(TenMs));
            _mixer.Put(other, tone.Next(TenMs));
        }

        Assert.Equal(2 * TenMs, _mixer.Mix(room, starving: false));
        _mixer.Put(other, tone.Next(TenMs));
        Assert.Equal(2 * TenMs, _mixer.Mix(room, starving: false));
        Assert.Equal(0, _mixer.Mix(room, starving: false));
        Assert.Equal(TenMs, _mixer.Mix(room, starving: true));
        _mixer.Put(voice, tone.Next(TenMs));
        Assert.Equal(0, _mixer.Mix(room, starving: true));
    }

    /// <summary>Whatever comes and goes: no voice ever holds more than 80 ms, no sample is invented, and the mixer gives no more than it was asked for.</summary>
    [Fact]
    public void What_waits_is_bounded_for_every_sequence_of_events() =>
        Prop.ForAll(Gen.Choose(0, 6000).Zip(Gen.Choose(0, 3)).ListOf().ToArbitrary(), events =>
        {
            var mixer = new SoundMixer();
            SoundVoice voice = mixer.Add();
            mixer.SetGain(voice, Full);
            long put = 0, mixed = 0;
            var room = new short[SoundMixer.MostMixed * 2];
            foreach ((int frames, int what) in events)
            {
                if (what > 0)
                {
                    mixer.Put(voice, new byte[frames * 4]);
                    put += frames;
                }
                else
                {
                    int given = mixer.Mix(room.AsSpan(0, Math.Min(frames, SoundMixer.MostMixed) * 2), starving: frames % 2 == 0);
                    mixed += given;
                    Assert.InRange(given, 0, Math.Min(frames, SoundMixer.MostFrames));
                }

                Assert.InRange(voice.Waiting, 0, SoundMixer.MostFrames);
                Assert.Equal(put, mixed + voice.Waiting + voice.Dropped);
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Without_a_device_nothing_waits_and_it_is_still_known_who_plays()
    {
        _mixer.IsOpen = false;
        SoundVoice voice = Voice(Full);
        Assert.False(_mixer.IsHeard(voice));
        _mixer.Put(voice, new byte[TenMs * 4]);
        Assert.False(_mixer.IsHeard(voice));
        _mixer.Put(voice, new Tone(1000).Next(TenMs));
        Assert.True(_mixer.IsHeard(voice));
        Assert.Equal(0, voice.Waiting);
    }

    [Fact]
    public void Playing_allocates_nothing()
    {
        SoundVoice a = Voice(Full), b = Voice(Gain.Of(0.125));
        byte[] frames = new Tone(1000).Next(TenMs);
        var room = new short[TenMs * 2];
        void Round()
        {
            _mixer.Put(a, frames);
            _mixer.Put(b, frames);
            _mixer.Mix(room, starving: false);
        }

        for (int i = 0; i < 100; i++)
        {
            Round();
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            Round();
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private SoundVoice Voice(Gain gain)
    {
        SoundVoice voice = _mixer.Add();
        _mixer.SetGain(voice, gain);
        return voice;
    }

    private short[] Play(int rounds, Tone tone, SoundVoice voice) => Play(rounds, (tone, voice));

    private short[] Play(int rounds, params (Tone Tone, SoundVoice Voice)[] voices)
    {
        var heard = new List<short>();
        var part = new short[TenMs * 2];
        for (int i = 0; i < rounds; i++)
        {
            foreach ((Tone tone, SoundVoice voice) in voices)
            {
                _mixer.Put(voice, tone.Next(TenMs));
            }

            heard.AddRange(part.AsSpan(0, _mixer.Mix(part, starving: false) * 2));
        }

        return [.. heard];
    }
}
