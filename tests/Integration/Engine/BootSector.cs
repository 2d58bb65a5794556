namespace Hyperspace.Tests.Integration.Engine;

/// <summary>
/// A guest of one sector that SeaBIOS boots in a second. It writes <c>ready</c> to serial line and screen, then every key that the BIOS gives it, and obeys some of them:
/// <c>p</c> powers off (APM), <c>r</c> resets, <c>c</c> reports a panic (pvpanic's port 0x505), <c>h</c> becomes deaf to the power button, <c>d</c> fills its first disk from sector 8 on and
/// writes <c>e</c> when that fails. The ACPI power button powers it off, as in a system that is well behaved.
/// </summary>
internal static class BootSector
{
    public const string Ready = "ready";

    private const string Code = """
        fa 31c0 8ed8 8ec0 8ed0 bc007c fb fc     ; 7c00 cli; ds = es = ss = 0; sp = 7c00; sti; cld
        ba0206 b80001 ef                        ; 7c0d out 602, 100: PM1_EN, the power button
        beb17c ac 84c0 7405 e88400 ebf6         ; 7c14 putc each of "ready"
        ba0006 ed f6c401 7526                   ; 7c22 main: PM1_STS says power button: to off
        b401 cd16 741d                          ; 7c2b no key: to idle
        30e4 cd16 e86c00                        ; 7c31 take it; putc
        3c70 7415 3c63 742f 3c72 7433           ; 7c38 p: off, c: panic, r: reset
        3c68 7437 3c64 743b ebd4                ; 7c44 h: deaf, d: fill; to main
        f4 ebd1                                 ; 7c4e idle: hlt; to main
        b80153 31db cd15                        ; 7c51 off: APM connect
        b80e53 31db b90201 cd15                 ; 7c58 APM version 1.2
        b80753 bb0100 b90300 cd15 ebb3          ; 7c62 APM power off; to main
        ba0505 b001 ee ebab                     ; 7c6f panic: out 505, 1; to main
        b006 baf90c ee ebcf                     ; 7c77 reset: out cf9, 6; to idle
        ba0206 31c0 ef eb9b                     ; 7c7f deaf: out 602, 0; to main
        b280 b443 30c0 bebc7c cd13              ; 7c87 fill: write 64 sectors
        7208 668306c47c40 ebeb                  ; 7c92 next 64
        b065 e80300 e97eff                      ; 7c9c putc e; to main
        baf803 ee 50 b40e 31db cd10 58 c3       ; 7ca4 putc: out 3f8; int 10h
        72656164790d0a00 8d7400                 ; 7cb1 "ready\r\n", 0
        1000 4000 007c 0000 0800000000000000    ; 7cbc disk address packet
        """;

    /// <summary>Writes a disk with it.</summary>
    public static void WriteDisk(string file, long size = 1 << 20)
    {
        byte[] sector = new byte[512];
        MachineCode.Bytes(Code).CopyTo(sector, 0);
        (sector[510], sector[511]) = (0x55, 0xAA);
        using FileStream disk = File.Create(file);
        disk.Write(sector);
        disk.SetLength(size);
    }
}

/// <summary>A guest of one sector whose PC speaker sounds without end, on a machine with <c>pcspk-audiodev</c>. A key switches it on again: QEMU forgets that it sounds when it is restored.</summary>
internal static class ToneSector
{
    /// <param name="frequency">In Hz, from 19 on.</param>
    public static void WriteDisk(string file, int frequency)
    {
        int divisor = 1_193_182 / frequency;
        string code = $"""
            31c0 8ed8 8ec0 8ed0 bc007c fb           ; 7c00 ds = es = ss = 0; sp = 7c00; sti
            b0b6 e643                               ; 7c0c timer 2: low and high byte, square wave
            b0{divisor & 0xFF:x2} e642 b0{divisor >> 8:x2} e642 ; 7c10 its divisor
            e461 0c03 e661                          ; 7c18 timer and speaker on
            30e4 cd16 ebf4                          ; 7c1e wait for a key; again
            """;
        byte[] disk = new byte[1 << 20];
        MachineCode.Bytes(code).CopyTo(disk, 0);
        (disk[510], disk[511]) = (0x55, 0xAA);
        File.WriteAllBytes(file, disk);
    }
}

/// <summary>A kernel for direct boot (Multiboot specification 0.6.96): it writes its command line and its first module, the initial RAM disk, to the serial line.</summary>
internal static class TinyKernel
{
    private const string Code = """
        02b0ad1b 00000100 fe4f51e4              ; 100000 multiboot magic, flags: addresses follow, checksum
        00001000 00001000 00000000 00000000     ; 10000c header, load, load end, bss end
        20001000                                ; 10001c entry
        8b7310 baf8030000                       ; 100020 esi = command line; dx = 3f8
        ac 84c0 7403 ee ebf8                    ; 100028 out each byte of it
        8b4b18 8b31 8b7904                      ; 100030 esi, edi = the first module's start and end
        39fe 7404 ac ee ebf8                    ; 100038 out each byte of it
        f4 ebfd                                 ; 100040 hlt
        """;

    public static void Write(string file) => File.WriteAllBytes(file, MachineCode.Bytes(Code));
}

/// <summary>Listings: hexadecimal bytes, then a semicolon and what they mean.</summary>
internal static class MachineCode
{
    public static byte[] Bytes(string listing) =>
        Convert.FromHexString(string.Concat(listing.Split('\n').Select(line => line.Split(';')[0].Replace(" ", "", StringComparison.Ordinal))));
}
