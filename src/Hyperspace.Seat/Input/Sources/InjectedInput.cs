using Hyperspace.Seat.Input.Chords;
using Hyperspace.Seat.Input.KeyMaps;

namespace Hyperspace.Seat.Input.Sources;

/// <summary>
/// The keyboard of the control API: <c>seat press</c> and <c>seat type</c>. Its keys go the way of all others, through chords and router. One
/// job after the other; text is paced, so that the guest's keyboard (a PS/2 one holds 16 bytes, a key takes up to 5) is emptied in between.
/// </summary>
public sealed class InjectedInput : IDeadline
{
    /// <summary>Jobs that wait at most; more are refused.</summary>
    public const int MaxJobs = 64;

    /// <summary>The pace of everything that is typed and not pressed by a person.</summary>
    internal static readonly TimeSpan TypingPace = TimeSpan.FromMilliseconds(8);

    private sealed class Job(IReadOnlyList<KeyStroke> strokes, TypedText? text, Action<string?> done)
    {
        public IReadOnlyList<KeyStroke> Strokes => strokes;
        public TypedText? Text => text;
        public Action<string?> Done => done;
        public int Next { get; set; }

        public string Stopped(string reason) => text is null
            ? $"The chord was not pressed: {reason}."
            : $"Typing stopped after {text.CharactersAfter(Next)} of {text.Characters} characters: {reason}.";
    }

    private readonly IInputSink _sink;
    private readonly DeviceId _device;
    private readonly Func<long> _clock;
    private readonly LinkedList<Job> _jobs = [];
    private long _nextAt = long.MinValue;
    private bool _pumping;

    /// <param name="device">A number of its own among the seat's devices.</param>
    /// <param name="clock">CLOCK_MONOTONIC in nanoseconds.</param>
    public InjectedInput(IInputSink sink, DeviceId device, Func<long> clock)
    {
        _sink = sink;
        _device = device;
        _clock = clock;
    }

    /// <summary>Time between two key events of typed text; zero for none. 8 ms is 62 characters a second; at 4 ms a guest with an emulated CPU has been seen to lose a key on a busy host.</summary>
    public TimeSpan Pace { get; init; } = TypingPace;

    public bool IsBusy => _jobs.Count > 0;

    public long Deadline { get; private set; } = IDeadline.Never;

    public Action? DeadlineChanged { get; set; }

    /// <summary>
    /// Presses a chord as quickly as possible, after what is being typed. One with the attention key waits for nothing: it ends what is going on.
    /// </summary>
    /// <param name="done">Called when it is pressed, with null, or with an error sentence; possibly before this returns.</param>
    public void Press(Chord chord, Action<string?> done)
    {
        if (chord.IsAttention)
        {
            Stop(static _ => true, "the attention key was pressed");
            _nextAt = long.MinValue;
        }

        Enqueue(new Job(chord.Strokes, null, done));
    }

    /// <summary>Types text. What the layout cannot type is an error before anything is typed.</summary>
    /// <inheritdoc cref="Press"/>
    public void Type(string text, KeyLayout layout, Action<string?> done)
    {
        if (TypedText.Plan(text, layout, out string? error) is { } typed)
        {
            Enqueue(new Job(typed.Strokes, typed, done));
        }
        else
        {
            done(error);
        }
    }

    /// <summary>Ends typing, because its text was meant for another guest: the focus moved. Chords go on, they may be what moved it.</summary>
    /// <param name="reason">A clause for the error of those who typed.</param>
    public void StopTyping(string reason) => Stop(static job => job.Text is not null, reason);

    public void Tick(long now)
    {
        if (now >= Deadline)
        {
            Pump(now);
        }
    }

    private void Enqueue(Job job)
    {
        if (_jobs.Count >= MaxJobs)
        {
            job.Done($"The keyboard of the control API is busy: {MaxJobs} requests are waiting; nothing was pressed.");
            return;
        }

        _jobs.AddLast(job);
        Pump(_clock());
    }

    private void Pump(long now)
    {
        // Both the router's events and Done may call back into this class; the loop below sees what they did.
        if (_pumping)
        {
            return;
        }

        _pumping = true;
        try
        {
            while (_jobs.First?.Value is { } job && now >= _nextAt)
            {
                if (job.Next < job.Strokes.Count)
                {
                    KeyStroke stroke = job.Strokes[job.Next++];
                    _nextAt = job.Text is null ? now : now + Pace.Ticks * (1_000_000_000 / TimeSpan.TicksPerSecond);
                    _sink.Key(new KeyEvent(_device, stroke.Key, stroke.Down ? KeyAction.Down : KeyAction.Up, now));
                }
                else
                {
                    _jobs.RemoveFirst();
                    job.Done(null);
                }
            }
        }
        finally
        {
            _pumping = false;
        }

        SetDeadline(_jobs.Count > 0 ? _nextAt : IDeadline.Never);
    }

    private void Stop(Func<Job, bool> which, string reason)
    {
        // Taken out first, told afterwards: what they do about it may come back into this class.
        Job[] stopped = [.. _jobs.Where(which)];
        foreach (Job job in stopped)
        {
            _jobs.Remove(job);
        }

        if (stopped.Any(static job => job.Next > 0))
        {
            // Whatever it holds is let go.
            _sink.DeviceLost(_device);
        }

        foreach (Job job in stopped)
        {
            job.Done(job.Stopped(reason));
        }

        SetDeadline(_jobs.Count > 0 ? _nextAt : IDeadline.Never);
    }

    private void SetDeadline(long deadline)
    {
        if (Deadline != deadline)
        {
            Deadline = deadline;
            DeadlineChanged?.Invoke();
        }
    }
}
