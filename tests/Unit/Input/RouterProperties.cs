using FsCheck;
using FsCheck.Fluent;
using Hyperspace.Seat.Input;

namespace Hyperspace.Tests.Unit.Input;

/// <summary>
/// For every sequence of events: (a) no guest keeps a key down that is physically up; (b) no guest sees a part of a chord that switched, but for
/// what the hold-back time had let go; (c) no press goes to two guests; (d) the attention key always leads to port 0; (e) what is not part of a
/// chord arrives completely, in order, at exactly the focused guest; (f) every down is followed by exactly one up or the guest's death.
/// </summary>
public class RouterProperties
{
    [Fact]
    public void Hold_for_every_sequence_of_events() =>
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(3000).WithEndSize(60).WithQuietOnSuccess(true),
            Prop.ForAll(Script.Arbitrary, script => new ScriptPlayer().Play(script)));

    /// <summary>Found by the above: a Ctrl that was let go unseen, while the attention key was pressed unseen, was pressed in the console once more.</summary>
    [Fact]
    public void Hold_for_an_attention_key_whose_events_were_lost() => new ScriptPlayer().Play(new Script(
    [
        new Op(OpKind.Key, 3, KeyCode.RightCtrl, KeyAction.Down),
        new Op(OpKind.Key, 2, KeyCode.ScrollLock, KeyAction.Down),
        new Op(OpKind.Resync, 3, Held: KeySet.Of(KeyCode.Esc, KeyCode.LeftCtrl, KeyCode.RightAlt)),
    ]));
}
