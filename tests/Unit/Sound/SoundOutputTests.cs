using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Hyperspace.Linux.Sound;
using Hyperspace.Seat.Sound;

namespace Hyperspace.Tests.Unit.Sound;

/// <summary>The device's side: devices that are missing, come back, are pulled out or never answer, and ALSA's own library.</summary>
public sealed class SoundOutputTests
{
    private const int TenMs = SoundMixer.Rate / 100;
    private readonly SoundMixer _mixer = new();
    private readonly ConcurrentQueue<string?> _told = new();

    [Fact]
    public void A_missing_device_is_told_once_and_tried_again_while_guests_play()
    {
        int opened = 0;
        var device = new Device();
        using var output = Output(() => ++opened < 3 ? throw new PcmException("nothing is plugged in") : device);
        PlayUntil(() => device.Written > SoundMixer.Rate / 10);
        Assert.Equal(["nothing is plugged in", null], _told);
        Assert.Equal(3, opened);
    }

    [Fact]
    public void A_device_that_is_pulled_out_is_told_and_the_next_one_plays()
    {
        var first = new Device { FailsAfterFrames = SoundMixer.Rate / 20 };
        var second = new Device();
        var devices = new ConcurrentQueue<Device>([first, second]);
        using var output = Output(() => devices.TryDequeue(out Device? device) ? device : throw new PcmException("no third one"));
        PlayUntil(() => second.Written > 0);
        Assert.True(first.IsDisposed);
        Assert.Equal(["it was pulled out", null], _told);
    }

    [Fact]
    public void A_device_that_never_answers_holds_up_neither_the_seat_nor_its_end()
    {
        using var never = new ManualResetEvent(false);
        var output = Output(() =>
        {
            never.WaitOne();
            throw new PcmException("too late");
        });
        SoundVoice voice = Voice();
        for (int i = 0; i < 1000; i++)
        {
            _mixer.Put(voice, new byte[TenMs * 4]);
        }

        Assert.InRange(voice.Waiting, 0, SoundMixer.MostFrames);
        output.Dispose();
        never.Set();
    }

    [Fact]
    public void Nothing_is_opened_before_there_is_sound()
    {
        int opened = 0;
        using (Output(() => throw new PcmException($"{++opened}")))
        {
            Thread.Sleep(50);
        }

        Assert.Equal(0, opened);
    }

    [Fact]
    public void A_device_that_does_not_exist_is_a_reason_and_no_crash() =>
        Assert.Contains("cannot be opened", Assert.Throws<PcmException>(() => AlsaOutput.Open("hw:31,31")).Message, StringComparison.Ordinal);

    /// <summary>ALSA's own plugin "file" in front of its plugin "null".</summary>
    [Fact]
    public void What_is_mixed_arrives_at_ALSA()
    {
        string file = Path.Combine(Path.GetTempPath(), $"hs-{Environment.ProcessId}-{Guid.NewGuid():N}.raw");
        try
        {
            using (Output(() => AlsaOutput.Open($"file:{file},raw")))
            {
                PlayUntil(() => File.Exists(file) && new FileInfo(file).Length > SoundMixer.Rate * 4);
            }

            short[] heard = MemoryMarshal.Cast<byte, short>(File.ReadAllBytes(file)).ToArray();
            Assert.InRange(Tone.Strength(heard, 1000), 0.2, 0.6);
            Assert.InRange(Tone.Strength(heard, 1777), 0, 0.05);
            Assert.Equal([], _told);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private SoundOutput Output(Func<IPcmOutput> open) => new(_mixer, open, _told.Enqueue, TimeSpan.FromMilliseconds(30));

    private SoundVoice Voice()
    {
        SoundVoice voice = _mixer.Add();
        _mixer.SetGain(voice, Gain.Of(1));
        return voice;
    }

    private void PlayUntil(Func<bool> condition)
    {
        SoundVoice voice = Voice();
        var tone = new Tone(1000);
        long deadline = Environment.TickCount64 + 20_000;
        while (!condition())
        {
            Assert.True(Environment.TickCount64 < deadline, $"Waited 20 s; told: {string.Join("; ", _told)}");
            _mixer.Put(voice, tone.Next(TenMs));
            Thread.Sleep(10);
        }
    }

    /// <summary>Plays in no time.</summary>
    private sealed class Device : IPcmOutput
    {
        private int _written;

        public int FailsAfterFrames { get; init; } = int.MaxValue;

        public int Written => Volatile.Read(ref _written);

        public bool IsDisposed { get; private set; }

        public int Target => 1920;

        public int Buffered() => 0;

        public void Write(ReadOnlySpan<short> samples)
        {
            if (Interlocked.Add(ref _written, samples.Length / 2) > FailsAfterFrames)
            {
                throw new PcmException("it was pulled out");
            }
        }

        public void Dispose() => IsDisposed = true;
    }
}
