using Hyperspace.Protocols.DBusDisplay;

namespace Hyperspace.Tests.Unit.Display;

public sealed class ScanoutGeometryTests
{
    private const uint Native = (uint)PixmanFormat.X8R8G8B8;

    [Theory]
    [InlineData(1280, 800, 5120, 5120 * 800)]
    [InlineData(1, 1, 4, 4)]
    [InlineData(3, 2, 64, 64 + 12)]
    public void A_picture_that_fits_is_taken(uint width, uint height, uint stride, long available) =>
        Assert.NotNull(ScanoutGeometry.Check(width, height, stride, Native, available, out _));

    [Theory]
    [InlineData(0, 800, 5120, 1 << 30, Native, "a picture of 0x800 pixels")]
    [InlineData(1280, 16385, 5120, 1 << 30, Native, "expected 1x1 to 16384x16384")]
    [InlineData(1280, 800, 5116, 1 << 30, Native, "5116 bytes a row do not fit")]
    [InlineData(1280, 800, 5120, 5120 * 800 - 1, Native, "do not fit the 4095999 bytes")]
    [InlineData(1280, 800, uint.MaxValue, 1 << 30, Native, "do not fit")]
    [InlineData(16384, 16384, 65536, 1L << 40, Native, "do not fit")]
    [InlineData(1280, 800, 5120, -1, Native, "do not fit")]
    [InlineData(1280, 800, 5120, 1 << 30, 0x12345678, "unknown pixel format 0x12345678")]
    public void What_does_not_make_sense_is_named(uint width, uint height, uint stride, long available, uint format, string expected)
    {
        Assert.Null(ScanoutGeometry.Check(width, height, stride, format, available, out string? problem));
        Assert.Contains(expected, problem);
    }
}
