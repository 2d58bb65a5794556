using FsCheck;
using FsCheck.Fluent;

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
}
