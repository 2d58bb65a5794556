namespace Hyperspace.Machines.Power.Table;

/// <summary>The ACPI table <c>power.asl</c>, compiled when the program was built.</summary>
internal static class PowerTable
{
    /// <summary>The UART behind it: COM4's usual place is 0x2e8, so nothing else is here. IRQ 7 is free on QEMU's q35 and pc.</summary>
    public const string Uart = "isa-serial,chardev=power,iobase=0x6f8,irq=7,index=3";

    public static byte[] Bytes { get; } = Read();

    private static byte[] Read()
    {
        using Stream stream = typeof(PowerTable).Assembly.GetManifestResourceStream("power.aml")!;
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
