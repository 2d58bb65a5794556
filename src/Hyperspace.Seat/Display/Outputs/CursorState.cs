namespace Hyperspace.Seat.Display.Outputs;

/// <summary>A pointer's picture: rows of premultiplied A R G B words, top row first. Never changed; another picture is another object.</summary>
public sealed record CursorPicture(int Width, int Height, uint[] Pixels);

/// <summary>The pointer as an output shows it: one value that says all.</summary>
/// <param name="Picture">Null for no pointer.</param>
/// <param name="X">Left edge of the picture, in pixels of the monitor; may be outside of it.</param>
/// <param name="Area">All that the pointer may be drawn on: the guest's part of the monitor. An output that cannot clip must not let it reach the trusted bar.</param>
public readonly record struct CursorState(CursorPicture? Picture, int X, int Y, PixelRect Area);
