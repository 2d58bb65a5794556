/*
 * Batteries, AC adapter, lid, sleep button and thermal zone of a guest: ACPI 6.5, chapters 10 (power sources), 9.4 (lid and buttons), 11 (thermal).
 * docs/power.md has the registers and the frames. State and interrupt come through one 16550A that no guest driver ever binds:
 *   -chardev socket,id=power,path=...,server=on,wait=off -device isa-serial,chardev=power,iobase=0x6f8,irq=7,index=3
 * Built by iasl with the program (Power/PowerTable.targets).
 */
DefinitionBlock ("power.aml", "SSDT", 2, "HSPACE", "HSPPOWER", 0x00000004)
{
    // QEMU describes the UART as COM4 (PNP0501).
    External (\_SB.PCI0, DeviceObj)
    External (\_SB.PCI0.SF8.COM4._STA, IntObj)   // q35, QEMU 7.1 and later
    External (\_SB.PCI0.S08.COM4._STA, IntObj)   // pc, QEMU 7.1 and later
    External (\_SB.PCI0.ISA.COM4._STA, IntObj)   // both, before 7.1

    // The host bridge's configuration space from 0xA0 on: nothing in QEMU, SeaBIOS, OVMF or Linux uses it, and it keeps its values over a reset, also while nobody is at the other end of
    // the UART. Registers 0 to 2, 0x10 to 0x19 and 0x20 to 0x29 are kept there, behind a mark.
    Scope (\_SB.PCI0)
    {
        Device (HSPK)
        {
            Name (_ADR, Zero)
            Name (_STA, Zero)
            OperationRegion (KEEP, PCI_Config, 0xA0, 0x60)
            Field (KEEP, DWordAcc, NoLock, Preserve)
            {
                K00, 32, K01, 32, K02, 32, K03, 32, K04, 32, K05, 32,
                K06, 32, K07, 32, K08, 32, K09, 32, K10, 32, K11, 32,
                K12, 32, K13, 32, K14, 32, K15, 32, K16, 32, K17, 32,
                K18, 32, K19, 32, K20, 32, K21, 32, K22, 32, K23, 32
            }
        }
    }

    Scope (\_SB)
    {
        // No guest driver may take the UART: Linux would call it ttyS3 and talk into it.
        Method (_INI, 0, NotSerialized)
        {
            If (CondRefOf (\_SB.PCI0.SF8.COM4._STA)) { \_SB.PCI0.SF8.COM4._STA = Zero }
            If (CondRefOf (\_SB.PCI0.S08.COM4._STA)) { \_SB.PCI0.S08.COM4._STA = Zero }
            If (CondRefOf (\_SB.PCI0.ISA.COM4._STA)) { \_SB.PCI0.ISA.COM4._STA = Zero }
        }

        // The mailbox.
        Device (HSPM)
        {
            Name (_HID, EisaId ("PNP0C02"))
            Name (_UID, "HSPM")
            Name (_STA, 0x0B)
            Name (_CRS, ResourceTemplate ()
            {
                IO (Decode16, 0x06F8, 0x06F8, 0x01, 0x08)
            })

            OperationRegion (UART, SystemIO, 0x06F8, 0x08)
            Field (UART, ByteAcc, NoLock, Preserve)
            {
                RBR, 8, IER, 8, FCR, 8, LCR, 8, MCR, 8, LSR, 8, MSR, 8, SCR, 8
            }

            Mutex (MTX, 0)
            Name (PREG, 0xFF)   // the frame that is being read: its register, its value so far, the place of the next seven bits
            Name (PVAL, 0)
            Name (PSHF, 35)
            Name (FRSH, Package (4) { 0, 0, 0, 0 })
            Name (FRSN, 0)      // registers since the last commit: the first four are in FRSH
            Name (SEEN, 0)      // commits seen
            Name (DRTY, 7)      // what KEEP has to write: 1 registers 0 to 0x0F, 2 0x10 to 0x1F, 4 0x20 to 0x2F
            Name (MARK, 0)
            Name (SHDW, Package (48)
            {
                0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
            })
            Name (LIVE, Package (48)
            {
                0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
            })

            // Sets the UART up and asks for the whole state.
            Method (SETU, 0, Serialized)
            {
                LCR = 0x83          // 115200 baud: what waits in the FIFO is announced after four characters' time, 0.35 ms
                RBR = 0x01
                IER = 0x00
                LCR = 0x03          // 8N1, divisor latch closed
                FCR = 0xC7          // FIFOs on and empty, an interrupt for 14 bytes: QEMU hands over as many at a time
                MCR = 0x0B          // DTR RTS OUT2
                PSHF = 35
                SCR = 0x48          // a reset or a sleep clears it
                IER = 0x01          // received-data interrupt
                RBR = 0x52          // 'R'
            }

            // A commit: what has come becomes what is. To copy the whole package takes an emulated CPU some milliseconds, and most changes are of one to four registers.
            Method (CMMT, 0, Serialized)
            {
                If (FRSN > 4)
                {
                    CopyObject (SHDW, LIVE)
                    FRSN = Zero
                }
                While (FRSN > Zero)
                {
                    FRSN--
                    Local0 = DerefOf (FRSH [FRSN])
                    LIVE [Local0] = DerefOf (SHDW [Local0])
                }
                SEEN++
                KEEP ()
            }

            // For the time after a reset: each write is a trap.
            Method (KEEP, 0, Serialized)
            {
                If (DRTY & 1)
                {
                    \_SB.PCI0.HSPK.K01 = DerefOf (LIVE [0x00])
                    \_SB.PCI0.HSPK.K02 = DerefOf (LIVE [0x01])
                    \_SB.PCI0.HSPK.K03 = DerefOf (LIVE [0x02])
                }
                If (DRTY & 2)
                {
                    \_SB.PCI0.HSPK.K04 = DerefOf (LIVE [0x10])
                    \_SB.PCI0.HSPK.K05 = DerefOf (LIVE [0x11])
                    \_SB.PCI0.HSPK.K06 = DerefOf (LIVE [0x12])
                    \_SB.PCI0.HSPK.K07 = DerefOf (LIVE [0x13])
                    \_SB.PCI0.HSPK.K08 = DerefOf (LIVE [0x14])
                    \_SB.PCI0.HSPK.K09 = DerefOf (LIVE [0x15])
                    \_SB.PCI0.HSPK.K10 = DerefOf (LIVE [0x16])
                    \_SB.PCI0.HSPK.K11 = DerefOf (LIVE [0x17])
                    \_SB.PCI0.HSPK.K12 = DerefOf (LIVE [0x18])
                    \_SB.PCI0.HSPK.K13 = DerefOf (LIVE [0x19])
                }
                If (DRTY & 4)
                {
                    \_SB.PCI0.HSPK.K14 = DerefOf (LIVE [0x20])
                    \_SB.PCI0.HSPK.K15 = DerefOf (LIVE [0x21])
                    \_SB.PCI0.HSPK.K16 = DerefOf (LIVE [0x22])
                    \_SB.PCI0.HSPK.K17 = DerefOf (LIVE [0x23])
                    \_SB.PCI0.HSPK.K18 = DerefOf (LIVE [0x24])
                    \_SB.PCI0.HSPK.K19 = DerefOf (LIVE [0x25])
                    \_SB.PCI0.HSPK.K20 = DerefOf (LIVE [0x26])
                    \_SB.PCI0.HSPK.K21 = DerefOf (LIVE [0x27])
                    \_SB.PCI0.HSPK.K22 = DerefOf (LIVE [0x28])
                    \_SB.PCI0.HSPK.K23 = DerefOf (LIVE [0x29])
                }
                DRTY = Zero
                If (MARK == Zero)
                {
                    \_SB.PCI0.HSPK.K00 = 0x31505348
                    MARK = One
                }
            }

            Method (RCLL, 0, Serialized)
            {
                If (\_SB.PCI0.HSPK.K00 != 0x31505348)
                {
                    Return (Zero)
                }
                LIVE [0x00] = \_SB.PCI0.HSPK.K01
                LIVE [0x01] = \_SB.PCI0.HSPK.K02
                LIVE [0x02] = \_SB.PCI0.HSPK.K03
                LIVE [0x10] = \_SB.PCI0.HSPK.K04
                LIVE [0x11] = \_SB.PCI0.HSPK.K05
                LIVE [0x12] = \_SB.PCI0.HSPK.K06
                LIVE [0x13] = \_SB.PCI0.HSPK.K07
                LIVE [0x14] = \_SB.PCI0.HSPK.K08
                LIVE [0x15] = \_SB.PCI0.HSPK.K09
                LIVE [0x16] = \_SB.PCI0.HSPK.K10
                LIVE [0x17] = \_SB.PCI0.HSPK.K11
                LIVE [0x18] = \_SB.PCI0.HSPK.K12
                LIVE [0x19] = \_SB.PCI0.HSPK.K13
                LIVE [0x20] = \_SB.PCI0.HSPK.K14
                LIVE [0x21] = \_SB.PCI0.HSPK.K15
                LIVE [0x22] = \_SB.PCI0.HSPK.K16
                LIVE [0x23] = \_SB.PCI0.HSPK.K17
                LIVE [0x24] = \_SB.PCI0.HSPK.K18
                LIVE [0x25] = \_SB.PCI0.HSPK.K19
                LIVE [0x26] = \_SB.PCI0.HSPK.K20
                LIVE [0x27] = \_SB.PCI0.HSPK.K21
                LIVE [0x28] = \_SB.PCI0.HSPK.K22
                LIVE [0x29] = \_SB.PCI0.HSPK.K23
                Return (One)
            }

            // A whole frame.
            Method (FRAM, 2, Serialized)
            {
                If (Arg0 < 48)
                {
                    SHDW [Arg0] = Arg1
                    DRTY |= (One << (Arg0 >> 4))
                    If (FRSN < 4) { FRSH [FRSN] = Arg0 }
                    FRSN++
                    Return (Zero)
                }
                If (Arg0 == 0x7F)
                {
                    CMMT ()
                    Return (Arg1)
                }
                Return (Zero)
            }

            // Takes in all that waits; returns the mask of notifications. The interrupt is off meanwhile: an emulated CPU takes longer for a byte than the FIFO's timeout is, so that each
            // byte would make one more. Switched on again it comes at once if something has come after the last look.
            Method (DRN, 0, Serialized)
            {
                Acquire (MTX, 0xFFFF)
                If (SCR != 0x48)
                {
                    SETU ()
                }
                Local7 = Zero
                If (LSR & One)
                {
                    IER = Zero
                    Local1 = PREG
                    Local2 = PVAL
                    Local3 = PSHF
                    Local6 = 0x1000
                    While (((LSR & One) && (Local6 > Zero)))
                    {
                        Local6--
                        Local0 = RBR
                        If (Local0 & 0x80)
                        {
                            Local1 = (Local0 & 0x7F)
                            Local2 = Zero
                            Local3 = Zero
                        }
                        ElseIf (Local3 < 35)
                        {
                            Local2 |= (Local0 << Local3)
                            Local3 += 7
                            If (Local3 == 35)
                            {
                                Local7 |= FRAM (Local1, Local2)
                            }
                        }
                    }
                    PREG = Local1
                    PVAL = Local2
                    PSHF = Local3
                    IER = One
                }
                Release (MTX)
                Return (Local7)
            }

            Method (TELL, 1, Serialized)
            {
                If (Arg0 & 0x10) { Notify (\_SB.HSPC, 0x00) }
                If (Arg0 & 0x04) { Notify (\_SB.HSPC.AC0, 0x80) }
                If (Arg0 & 0x02) { Notify (\_SB.HSPC.BAT0, 0x81) }
                If (Arg0 & 0x01) { Notify (\_SB.HSPC.BAT0, 0x80) }
                If (Arg0 & 0x200) { Notify (\_SB.HSPC.BAT1, 0x81) }
                If (Arg0 & 0x100) { Notify (\_SB.HSPC.BAT1, 0x80) }
                If (Arg0 & 0x08) { Notify (\_SB.HSPC.LID0, 0x80) }
                If (Arg0 & 0x20) { Notify (\_SB.HSPC.SLPB, 0x80) }
                If (Arg0 & 0x40) { Notify (\_TZ.HTZ0, 0x80) }
                If (Arg0 & 0x80) { Notify (\_TZ.HTZ0, 0x81) }
            }

            // Before anything is read: what an interrupt was lost for.
            Method (SYNC, 0, Serialized)
            {
                Local0 = DRN ()
                If (Local0) { TELL (Local0) }
            }

            // A register.
            Method (REG, 1, Serialized)
            {
                SYNC ()
                Return (DerefOf (LIVE [Arg0]))
            }

            // _STA of the battery whose registers begin there: none, an empty bay, a battery.
            Method (BSTA, 1, Serialized)
            {
                Switch (ToInteger (REG (Arg0)))
                {
                    Case (0) { Return (0x00) }
                    Case (1) { Return (0x0F) }
                    Default { Return (0x1F) }
                }
            }

            Method (_INI, 0, Serialized)
            {
                SETU ()
                Local0 = 100
                While ((Local0 > Zero) && (SEEN == Zero))
                {
                    Sleep (1)
                    DRN ()
                    Local0--
                }
                If (SEEN == Zero)
                {
                    RCLL ()
                }
            }
        }

        // The UART's interrupt.
        Device (HSPG)
        {
            Name (_HID, "ACPI0013")
            Name (_UID, "HSPG")
            Name (_CRS, ResourceTemplate ()
            {
                Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive, ,, ) { 7 }
            })
            Method (_EVT, 1, Serialized)
            {
                \_SB.HSPM.TELL (\_SB.HSPM.DRN ())
            }
        }

        // A container, so that a bus check makes devices come and go while the guest runs.
        Device (HSPC)
        {
            Name (_HID, "ACPI0004")
            Name (_UID, "HSPC")
            Name (_STA, 0x0F)

            Device (AC0)
            {
                Name (_HID, "ACPI0003")
                Name (_UID, Zero)
                Name (_PCL, Package () { \_SB })
                Method (_STA, 0, Serialized)
                {
                    If (\_SB.HSPM.REG (0) & 1) { Return (0x0F) }
                    Return (Zero)
                }
                Method (_PSR, 0, Serialized)
                {
                    Return ((\_SB.HSPM.REG (0) >> 1) & 1)
                }
            }

            Device (LID0)
            {
                Name (_HID, EisaId ("PNP0C0D"))
                Name (_UID, Zero)
                Method (_STA, 0, Serialized)
                {
                    If (\_SB.HSPM.REG (0) & 4) { Return (0x0F) }
                    Return (Zero)
                }
                Method (_LID, 0, Serialized)
                {
                    Return ((\_SB.HSPM.REG (0) >> 3) & 1)
                }
            }

            Device (SLPB)
            {
                Name (_HID, EisaId ("PNP0C0E"))
                Name (_UID, Zero)
                Name (_STA, 0x0F)
            }

            Device (BAT0)
            {
                Name (_HID, EisaId ("PNP0C0A"))
                Name (_UID, 0)
                Name (_PCL, Package () { \_SB })
                Method (_STA, 0, Serialized)
                {
                    Return (\_SB.HSPM.BSTA (0x10))
                }
                Name (BIFP, Package (13) { 0, 0, 0, 1, 0, 0, 0, 1, 1, "Hyperspace", "0", "LION", "HSP" })
                Method (_BIF, 0, Serialized)
                {
                    \_SB.HSPM.SYNC ()
                    BIFP [1] = DerefOf (\_SB.HSPM.LIVE [0x10 + 5])
                    BIFP [2] = DerefOf (\_SB.HSPM.LIVE [0x10 + 6])
                    BIFP [4] = DerefOf (\_SB.HSPM.LIVE [0x10 + 7])
                    BIFP [5] = DerefOf (\_SB.HSPM.LIVE [0x10 + 8])
                    BIFP [6] = DerefOf (\_SB.HSPM.LIVE [0x10 + 9])
                    Return (BIFP)
                }
                Name (BIXP, Package (20)
                {
                    0, 0, 0, 0, 1, 0, 0, 0, 0, 100000, 0xFFFFFFFF, 0xFFFFFFFF, 1000, 1000, 1, 1, "Hyperspace", "0", "LION", "HSP"
                })
                Method (_BIX, 0, Serialized)
                {
                    \_SB.HSPM.SYNC ()
                    BIXP [2] = DerefOf (\_SB.HSPM.LIVE [0x10 + 5])
                    BIXP [3] = DerefOf (\_SB.HSPM.LIVE [0x10 + 6])
                    BIXP [5] = DerefOf (\_SB.HSPM.LIVE [0x10 + 7])
                    BIXP [6] = DerefOf (\_SB.HSPM.LIVE [0x10 + 8])
                    BIXP [7] = DerefOf (\_SB.HSPM.LIVE [0x10 + 9])
                    BIXP [8] = DerefOf (\_SB.HSPM.LIVE [0x10 + 10])
                    Return (BIXP)
                }
                Name (BSTP, Package (4) { 0, 0, 0, 0 })
                Method (_BST, 0, Serialized)
                {
                    \_SB.HSPM.SYNC ()
                    BSTP [0] = DerefOf (\_SB.HSPM.LIVE [0x10 + 1])
                    BSTP [1] = DerefOf (\_SB.HSPM.LIVE [0x10 + 2])
                    BSTP [2] = DerefOf (\_SB.HSPM.LIVE [0x10 + 3])
                    BSTP [3] = DerefOf (\_SB.HSPM.LIVE [0x10 + 4])
                    Return (BSTP)
                }
            }

            Device (BAT1)
            {
                Name (_HID, EisaId ("PNP0C0A"))
                Name (_UID, 1)
                Name (_PCL, Package () { \_SB })
                Method (_STA, 0, Serialized)
                {
                    Return (\_SB.HSPM.BSTA (0x20))
                }
                Name (BIFP, Package (13) { 0, 0, 0, 1, 0, 0, 0, 1, 1, "Hyperspace", "1", "LION", "HSP" })
                Method (_BIF, 0, Serialized)
                {
                    \_SB.HSPM.SYNC ()
                    BIFP [1] = DerefOf (\_SB.HSPM.LIVE [0x20 + 5])
                    BIFP [2] = DerefOf (\_SB.HSPM.LIVE [0x20 + 6])
                    BIFP [4] = DerefOf (\_SB.HSPM.LIVE [0x20 + 7])
                    BIFP [5] = DerefOf (\_SB.HSPM.LIVE [0x20 + 8])
                    BIFP [6] = DerefOf (\_SB.HSPM.LIVE [0x20 + 9])
                    Return (BIFP)
                }
                Name (BIXP, Package (20)
                {
                    0, 0, 0, 0, 1, 0, 0, 0, 0, 100000, 0xFFFFFFFF, 0xFFFFFFFF, 1000, 1000, 1, 1, "Hyperspace", "1", "LION", "HSP"
                })
                Method (_BIX, 0, Serialized)
                {
                    \_SB.HSPM.SYNC ()
                    BIXP [2] = DerefOf (\_SB.HSPM.LIVE [0x20 + 5])
                    BIXP [3] = DerefOf (\_SB.HSPM.LIVE [0x20 + 6])
                    BIXP [5] = DerefOf (\_SB.HSPM.LIVE [0x20 + 7])
                    BIXP [6] = DerefOf (\_SB.HSPM.LIVE [0x20 + 8])
                    BIXP [7] = DerefOf (\_SB.HSPM.LIVE [0x20 + 9])
                    BIXP [8] = DerefOf (\_SB.HSPM.LIVE [0x20 + 10])
                    Return (BIXP)
                }
                Name (BSTP, Package (4) { 0, 0, 0, 0 })
                Method (_BST, 0, Serialized)
                {
                    \_SB.HSPM.SYNC ()
                    BSTP [0] = DerefOf (\_SB.HSPM.LIVE [0x20 + 1])
                    BSTP [1] = DerefOf (\_SB.HSPM.LIVE [0x20 + 2])
                    BSTP [2] = DerefOf (\_SB.HSPM.LIVE [0x20 + 3])
                    BSTP [3] = DerefOf (\_SB.HSPM.LIVE [0x20 + 4])
                    Return (BSTP)
                }
            }

        }
    }

    Scope (\_TZ)
    {
        ThermalZone (HTZ0)
        {
            Method (_TMP, 0, Serialized)
            {
                Return (\_SB.HSPM.REG (1))
            }
            Method (_CRT, 0, Serialized)
            {
                Return (\_SB.HSPM.REG (2))
            }
            Name (_TZP, 300)    // asks at least every 30 s
        }
    }
}
