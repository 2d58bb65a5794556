using FsCheck;
using FsCheck.Fluent;
using Hyperspace.Seat.Input;

namespace Hyperspace.Tests.Unit.Input;

internal enum OpKind
{
    Key,
    Wait,
    Switch,
    Lost,
    Resync,
    Gone,
    Attach,
    ReleaseAll,
    Click,
}

/// <summary>One thing that happens to the router.</summary>
/// <param name="Milliseconds">For <see cref="OpKind.Wait"/>: time in which the router is ticked. For <see cref="OpKind.Key"/>: time in which it was not.</param>
/// <param name="Port">A port; for <see cref="OpKind.Switch"/> how many ports further.</param>
internal sealed record Op(OpKind Kind, int Device = 0, KeyCode Key = KeyCode.None, KeyAction Action = KeyAction.Up, int Milliseconds = 0, int Port = 0, KeySet Held = default)
{
    public override string ToString() => Kind switch
    {
        OpKind.Key => $"{(Milliseconds > 0 ? $"stall {Milliseconds}, " : "")}{Action switch { KeyAction.Down => '+', KeyAction.Up => '-', _ => '~' }}{Key}@{Device}",
        OpKind.Wait => $"wait {Milliseconds}",
        OpKind.Switch => $"switch to {Port} ports further",
        OpKind.Lost => $"lost @{Device}",
        OpKind.Resync => $"resync @{Device} {Held}",
        OpKind.Gone => $"guest {Port} gone",
        OpKind.Attach => $"guest {Port} attached",
        OpKind.Click => $"click @{Device}",
        _ => "release all",
    };
}

/// <summary>A sequence of operations, and how FsCheck makes and shortens them.</summary>
internal sealed record Script(IReadOnlyList<Op> Ops)
{
    private static readonly KeyCode[] Alphabet =
    [
        KeyCode.RightCtrl, KeyCode.RightCtrl, KeyCode.RightCtrl, KeyCode.ScrollLock, KeyCode.LeftCtrl, KeyCode.LeftAlt, KeyCode.RightAlt, KeyCode.Esc,
        KeyCode.LeftShift, KeyCode.RightShift, KeyCode.LeftMeta, KeyCode.Tab, KeyCode.D0, KeyCode.D1, KeyCode.D2, KeyCode.D3, KeyCode.Kp2, KeyCode.A, KeyCode.B, KeyCode.C, KeyCode.V,
    ];

    private static readonly Gen<int> Device = Gen.Choose(1, 3);
    private static readonly Gen<KeyCode> AnyKey = Gen.Elements(Alphabet);
    private static readonly Gen<int> ShortTime = Gen.Elements(0, 0, 1, 5, 10, 60);
    private static readonly Gen<int> LongTime = Gen.Elements(100, 249, 250, 251, 299, 300, 301, 399, 400, 401, 1000, 2999, 3000, 3001);

    public override string ToString() => Environment.NewLine + string.Join(Environment.NewLine, Ops);

    public static Arbitrary<Script> Arbitrary { get; } =
        Arb.From(Gen.ListOf(Snippet()).Select(parts => new Script([.. parts.SelectMany(part => part)])), Shorter);

    /// <summary>Without a half, a quarter ... of itself, down to each single operation.</summary>
    private static IEnumerable<Script> Shorter(Script script)
    {
        for (int length = script.Ops.Count / 2; length > 0; length /= 2)
        {
            for (int start = 0; start < script.Ops.Count; start += length)
            {
                yield return new Script([.. script.Ops.Take(start), .. script.Ops.Skip(start + length)]);
            }
        }
    }

    private static Gen<Op[]> Snippet() => Gen.Frequency(
        (6, RandomKey()),
        (4, Tap()),
        (4, LeaderChord()),
        (2, Interrupted(LeaderChord())),
        (2, AttentionChord()),
        (1, Interrupted(AttentionChord())),
        (2, from time in LongTime select new[] { new Op(OpKind.Wait, Milliseconds: time) }),
        (2, Control()));

    private static Gen<Op[]> RandomKey() =>
        from device in Device
        from key in AnyKey
        from action in Gen.Elements(KeyAction.Down, KeyAction.Down, KeyAction.Up, KeyAction.Up, KeyAction.Repeat)
        from stall in Gen.Frequency((9, ShortTime), (1, LongTime))
        select new[] { new Op(OpKind.Key, device, key, action, stall) };

    private static Gen<Op[]> Tap() =>
        from device in Device
        from key in AnyKey
        from time in ShortTime
        select TapOf(device, key, time);

    private static Gen<Op[]> LeaderChord() =>
        from device in Device
        from leader in Gen.Elements(KeyCode.RightCtrl, KeyCode.ScrollLock)
        from command in Gen.Elements(KeyCode.D0, KeyCode.D1, KeyCode.D2, KeyCode.D3, KeyCode.Kp2, KeyCode.Tab, KeyCode.Esc, KeyCode.Left, KeyCode.C, KeyCode.V)
        from shift in Gen.Elements(false, false, true)
        from taps in Gen.Elements(2, 2, 2, 3)
        from time in ShortTime
        select (Op[])
        [
            .. Enumerable.Range(0, taps).SelectMany(_ => TapOf(device, leader, time)),
            .. shift ? [new Op(OpKind.Key, device, KeyCode.LeftShift, KeyAction.Down)] : Array.Empty<Op>(),
            .. TapOf(device, command, time),
            .. shift ? [new Op(OpKind.Key, device, KeyCode.LeftShift, KeyAction.Up)] : Array.Empty<Op>(),
        ];

    private static Gen<Op[]> AttentionChord() =>
        from devices in Gen.ArrayOf(Device, 3)
        from ctrl in Gen.Elements(KeyCode.LeftCtrl, KeyCode.RightCtrl)
        from alt in Gen.Elements(KeyCode.LeftAlt, KeyCode.RightAlt)
        from order in Gen.Shuffle(new[] { 0, 1, 2 })
        from wait in Gen.Frequency((4, ShortTime), (1, LongTime))
        select (Op[])
        [
            .. order.SelectMany(i => new[] { new Op(OpKind.Key, devices[i], new[] { ctrl, alt, KeyCode.Esc }[i], KeyAction.Down), new Op(OpKind.Wait, Milliseconds: wait) }),
            .. order.Select(i => new Op(OpKind.Key, devices[i], new[] { ctrl, alt, KeyCode.Esc }[i], KeyAction.Up)),
        ];

    private static Gen<Op[]> Interrupted(Gen<Op[]> chord) =>
        from ops in chord
        from other in Gen.OneOf(RandomKey(), Control(), Tap(), from time in LongTime select new[] { new Op(OpKind.Wait, Milliseconds: time) })
        from place in Gen.Choose(0, ops.Length)
        select (Op[])[.. ops.Take(place), .. other, .. ops.Skip(place)];

    private static Gen<Op[]> Control() => Gen.Frequency(
        (3, from ports in Gen.Choose(1, 3) select new[] { new Op(OpKind.Switch, Port: ports) }),
        (2, from device in Device select new[] { new Op(OpKind.Lost, device) }),
        (1, from device in Device from keys in Gen.ListOf(AnyKey) select new[] { new Op(OpKind.Resync, device, Held: KeySet.Of([.. keys.Take(4)])) }),
        (2, from port in Gen.Choose(1, 2) select new[] { new Op(OpKind.Gone, Port: port) }),
        (3, from port in Gen.Choose(1, 2) select new[] { new Op(OpKind.Attach, Port: port) }),
        (1, Gen.Constant(new[] { new Op(OpKind.ReleaseAll) })),
        (1, from device in Device select new[] { new Op(OpKind.Click, device) }));

    private static Op[] TapOf(int device, KeyCode key, int time) =>
    [
        new Op(OpKind.Key, device, key, KeyAction.Down),
        new Op(OpKind.Wait, Milliseconds: time),
        new Op(OpKind.Key, device, key, KeyAction.Up),
        new Op(OpKind.Wait, Milliseconds: time),
    ];
}
