using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;
using Hyperspace.Seat.Console;
using Hyperspace.Seat.Display.Text;

namespace Hyperspace.Tests.Unit.ManagementConsole;

public enum ConsoleStep { Key, Snapshot, Link, Answer, LogAnswer, Resize }

/// <summary>One thing that happens to a console; what <paramref name="Number"/> means depends on the step.</summary>
public sealed record ConsoleEvent(ConsoleStep Step, int Number);

/// <summary>Plays random events into a console and watches what must always hold.</summary>
internal sealed class ConsolePlayer
{
    private static readonly string[] Keys =
        [.. Enum.GetNames<ConsoleKeyName>().Where(name => name != "Character"), .. "stkrplmhqyna?0123456789 STKxX".Select(c => c.ToString())];

    private static readonly string[] Nasty = ["", "ok", "\u001b[31mred\u001b[0m", "a\0b\a\u202E\u200B", "\uD83D", new string('w', 300), "one two\tthree"];

    private readonly ConsoleScreen _screen = new();
    private ConsoleKeyPress? _key;
    private readonly CellGrid _before = new(1, 1);
    private string? _violation;
    private bool _raised;

    public ConsolePlayer()
    {
        _screen.Backend.Acting = OnAct;
        _screen.App.Changed = () => _raised = true;
    }

    public void Play(IReadOnlyList<ConsoleEvent> events)
    {
        foreach (ConsoleEvent e in events)
        {
            Keep();
            _raised = false;
            Do(e);
            Check(_violation is null, $"{_violation} in {e}");
            _screen.Draw();
            if (e.Step != ConsoleStep.Resize)
            {
                Check(_raised == !LooksAsBefore(), $"{e}: Changed was {(_raised ? "" : "not ")}raised and the screen says otherwise");
            }

            CheckHarmless(e);
        }

        CheckThatEscLeadsHome();
    }

    private void Do(ConsoleEvent e)
    {
        ScriptedBackend backend = _screen.Backend;
        switch (e.Step)
        {
            case ConsoleStep.Key:
                _key = ConsoleScreen.Key(Keys[e.Number % Keys.Length]);
                _screen.App.Key(_key.Value);
                _key = null;
                break;
            case ConsoleStep.Snapshot:
                backend.Snapshot = RandomSnapshot(new System.Random(e.Number));
                _screen.App.DataChanged();
                break;
            case ConsoleStep.Link:
                backend.Problem = e.Number % 3 == 0 ? "The daemon has ended." : null;
                backend.CanSwitch = e.Number % 5 != 0;
                backend.AnswersAtOnce = e.Number % 7 == 0;
                _screen.App.Quit = e.Number % 2 == 0 ? () => { } : null;
                _screen.App.DataChanged();
                break;
            case ConsoleStep.Answer when backend.Pending > 0:
                backend.Answer(e.Number % 3 == 0 ? $"It failed. {Nasty[e.Number % Nasty.Length]}" : null, e.Number % backend.Pending);
                break;
            case ConsoleStep.LogAnswer when backend.PendingLogs > 0:
                string[]? lines = e.Number % 4 == 0 ? null : [.. Enumerable.Range(0, e.Number % 90).Select(i => Nasty[(i + e.Number) % Nasty.Length])];
                backend.AnswerLog(lines, lines is null ? "There is no such log." : null, e.Number % backend.PendingLogs);
                break;
            case ConsoleStep.Resize:
                _screen.Grid.Resize(1 + e.Number % 170, 1 + e.Number / 170 % 60);
                break;
        }
    }

    /// <summary>What destroys is done only by a key, and that key answers a question that is on the screen.</summary>
    private void OnAct(string vm, VmAction action)
    {
        if (action is not (VmAction.Stop or VmAction.Kill or VmAction.Reset))
        {
            return;
        }

        string before = string.Join('\n', Enumerable.Range(0, _before.Rows).Select(_before.TextOf));
        string yes = $"Yes, {action.ToString().ToLowerInvariant()}";
        bool answered = _key is { Name: ConsoleKeyName.Character, Character: 'y' } || (_key is { Name: ConsoleKeyName.Enter } && (IsTiny || before.Contains($"▸ {yes}", StringComparison.Ordinal)));
        bool asked = IsTiny || (before.Contains($"─ {action} ", StringComparison.Ordinal) && before.Contains(yes, StringComparison.Ordinal));
        if (!answered || !asked)
        {
            _violation = $"{action} {vm} was done without a question (key {_key})\n{before}";
        }
    }

    private bool IsTiny => _screen.Grid.Columns < 40 || _screen.Grid.Rows < 10;

    private void CheckThatEscLeadsHome()
    {
        _screen.Grid.Resize(80, 24);
        for (int i = 0; i < 400 && !IsHome(_screen.Text); i++)
        {
            _screen.Press("Escape");
        }

        Check(IsHome(_screen.Text), $"Esc does not lead to the list\n{_screen.Text}");
    }

    /// <summary>The list, without a dialog on top and without a move under way.</summary>
    private static bool IsHome(string text) =>
        text.StartsWith("\n Hyperspace", StringComparison.Ordinal) && !text.Contains('╭') && text.Contains("Space menu", StringComparison.Ordinal);

    private static Snapshot RandomSnapshot(System.Random random)
    {
        var vms = new List<VmStatus>();
        for (int i = random.Next(0, 14); i > 0; i--)
        {
            string label = random.Next(4) == 0 ? Nasty[random.Next(Nasty.Length)] : $"Label {i}";
            int? port = random.Next(3) == 0 ? null : random.Next(1, 10);
            vms.Add(new VmStatus(
                $"vm{random.Next(6)}x{i}", label, random.Next(3) == 0 ? "none" : "#123456", port, (VmState)random.Next(7), random.Next(2) == 0 ? null : Nasty[random.Next(Nasty.Length)],
                random.Next(0, 1 << 20), random.Next(0, 300), "kvm", random.NextDouble() * 3000, random.NextInt64(1L << 42),
                random.Next(2) == 0 ? null : ConsoleScreen.Noon.AddSeconds(random.Next(-9_000_000, 10)), random.Next(4), random.Next(3)));
        }

        HostStatus host = ConsoleScreen.AHost([.. Enumerable.Range(0, random.Next(4)).Select(i => new Degradation($"What {i}", Nasty[i], "Do."))]);
        SeatStatus? seat = random.Next(2) == 0 ? null : new SeatStatus(random.Next(3), null, "headless", 800, 600, [], 0, null, []);
        return new Snapshot(host with { CpuPercent = random.NextDouble() * 100, MemoryAvailableBytes = random.NextInt64(1L << 40) }, vms, seat);
    }

    private void Keep()
    {
        _before.Resize(_screen.Grid.Columns, _screen.Grid.Rows);
        _screen.App.Draw(_before);
    }

    private bool LooksAsBefore()
    {
        for (int row = 0; row < _before.Rows; row++)
        {
            if (!_before.Row(row).SequenceEqual(_screen.Grid.Row(row)))
            {
                return false;
            }
        }

        return true;
    }

    private void CheckHarmless(ConsoleEvent e)
    {
        for (int row = 0; row < _screen.Grid.Rows; row++)
        {
            foreach (Cell cell in _screen.Grid.Row(row))
            {
                if (!IsHarmless(cell.Character))
                {
                    Check(false, $"{e}: U+{(int)cell.Character:X4} reached the screen");
                }
            }
        }
    }

    private static bool IsHarmless(char c) => char.GetUnicodeCategory(c) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate);

    private static void Check(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new Xunit.Sdk.XunitException(otherwise);
        }
    }
}

public class ConsoleProperties
{
    private static readonly Gen<ConsoleEvent> Event = Gen.Frequency(
        (12, One(ConsoleStep.Key)), (2, One(ConsoleStep.Snapshot)), (1, One(ConsoleStep.Link)), (2, One(ConsoleStep.Answer)), (1, One(ConsoleStep.LogAnswer)), (1, One(ConsoleStep.Resize)));

    private static Gen<ConsoleEvent> One(ConsoleStep step) => Gen.Choose(0, 100_000).Select(number => new ConsoleEvent(step, number));

    [Fact]
    public void NothingThatHappensThrowsOrDestroysUnasked() => FsCheck.Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(300).WithEndSize(120).WithQuietOnSuccess(true),
        Prop.ForAll(Arb.From(Gen.ListOf(Event), Shorter), events => new ConsolePlayer().Play([.. events])));

    /// <summary>Leaves out events, one at a time, so that a failure is told shortly.</summary>
    private static IEnumerable<List<ConsoleEvent>> Shorter(List<ConsoleEvent> events) =>
        Enumerable.Range(0, events.Count).Select(left => (List<ConsoleEvent>)[.. events.Where((_, i) => i != left)]);
}
