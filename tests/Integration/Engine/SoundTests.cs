using System.Runtime.InteropServices;
using Hyperspace.Linux.Reactor;
using Hyperspace.Linux.Sound;
using Hyperspace.Machines.Engines.Qemu;
using Hyperspace.Machines.Supervision;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;
using Hyperspace.Seat;
using Hyperspace.Seat.Display.Outputs;
using Hyperspace.Seat.Display.Text;
using Hyperspace.Seat.Input.Chords;
using Hyperspace.Seat.Link;
using Hyperspace.Seat.Sound;
using Hyperspace.Tests.Unit.Sound;

namespace Hyperspace.Tests.Integration.Engine;

/// <summary>Real QEMUs whose guests make a tone each, a real seat, and ALSA, whose plugin "file" writes down what a sound card would have played.</summary>
[Collection(QemuCollection.Name)]
public sealed class SoundTests : IAsyncLifetime
{
    private const int LowTone = 1000, HighTone = 1500;
    private readonly EngineHome _home = new();
    private readonly Reactor _reactor = new();
    private readonly string _played;
    private readonly LinkedSeat _seat;

    public SoundTests()
    {
        _played = Path.Combine(_home.Folder, "played.raw");
        PsfFont font = SystemFont.Load(out _)!;
        var link = new DaemonLink(_reactor, Path.Combine(_home.Folder, "nobody.sock"), "seat", "test");
        var sound = new SeatSound(_reactor, "file", () => AlsaOutput.Open($"file:{_played},raw"));
        _seat = new LinkedSeat(_reactor, new HeadlessOutput(640, 400, font), ChordOptions.Default, link, TimeProvider.System, sound);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _seat.Dispose();
        _reactor.Dispose();
        await _home.DisposeAsync();
    }

    [Fact]
    public async Task The_focused_guest_is_heard_and_the_other_one_is_ducked_or_muted()
    {
        Fleet fleet = await StartAsync(("low", LowTone, "duck"), ("high", HighTone, "mute"));
        await AttachAsync(fleet, "low", "high");

        _seat.Core.SwitchTo(1);
        (double low, double high) = Listen();
        Assert.True(low > 0.05, $"The focused guest's tone has an amplitude of {low}");
        Assert.True(high < low / 100, $"The guest that is to be mute has an amplitude of {high}, the other one {low}");

        _seat.Core.SwitchTo(2);
        (double ducked, double loud) = Listen();
        Assert.True(loud > 0.05, $"The focused guest's tone has an amplitude of {loud}");
        Assert.InRange(ducked, low / 16, low / 4);

        Assert.Null(_seat.Core.SetSound("mute", null));
        (double none, double neither) = Listen();
        Assert.True(none < 0.001 && neither < 0.001, $"With the seat muted {none} and {neither} are heard");
    }

    /// <summary>A template is such a file: the card is in it, and the seat that connects afterwards hears the restored machine.</summary>
    [Fact]
    public async Task A_guest_that_is_saved_to_a_file_and_restored_is_heard_again()
    {
        Fleet fleet = await StartAsync(("low", LowTone, "duck"));
        string state = Path.Combine(_home.Paths.VmRuntime("low"), "qemu", "state");
        await SideDoorAsync("low", "migrate", state);
        await fleet.ActAsync("low", VmAction.Kill, CancellationToken.None);
        _home.Define("low", Definition("duck"), "-machine", "pcspk-audiodev=sound", "-incoming", "defer");
        await fleet.ReloadAsync(CancellationToken.None);
        await fleet.ActAsync("low", VmAction.Start, CancellationToken.None);
        File.Copy(Path.Combine(_home.Folder, "saved"), state);
        File.SetUnixFileMode(state, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        await SideDoorAsync("low", "migrate-incoming", state);
        await _home.TypeAsync("low", "a");
        await AttachAsync(fleet, "low");
        _seat.Core.SwitchTo(1);
        Assert.True(Listen().Low > 0.05, "The restored guest is not heard.");
    }

    /// <summary>Debian's kernel with its own drivers of the card.</summary>
    [Fact]
    public async Task A_Linux_guest_is_heard_through_its_sound_card()
    {
        SoundGuest.Define(_home, "linux");
        Fleet fleet = await _home.OpenFleetAsync();
        await fleet.ActAsync("linux", VmAction.Start, CancellationToken.None);
        await _home.SerialAsync("linux", "guest:plays");
        await AttachAsync(fleet, "linux");
        _seat.Core.SwitchTo(1);
        (double low, double high) = ListenUntilHeard();
        Assert.True(low > 0.05, $"The guest's tone has an amplitude of {low}; the guest says: {_home.Serial("linux")}");
        Assert.True(high < low / 4, $"A tone that the guest does not play has an amplitude of {high}, its own {low}");
    }

    private static string Definition(string background) => $"restart: {{policy: never, maximum: 1}}\nsound: {{background: {background}}}\ndisks: [{{file: tone.img, format: raw}}]";

    private async Task<Fleet> StartAsync(params (string Name, int Frequency, string Background)[] vms)
    {
        foreach ((string name, int frequency, string background) in vms)
        {
            Directory.CreateDirectory(_home.Paths.VmState(name));
            ToneSector.WriteDisk(Path.Combine(_home.Paths.VmState(name), "tone.img"), frequency);
            _home.Define(name, Definition(background), "-machine", "pcspk-audiodev=sound");
        }

        Fleet fleet = await _home.OpenFleetAsync();
        foreach ((string name, _, _) in vms)
        {
            await fleet.ActAsync(name, VmAction.Start, CancellationToken.None);
        }

        return fleet;
    }

    private async Task AttachAsync(Fleet fleet, params string[] names)
    {
        VmStatus[] vms = [.. names.Select(name => EngineHome.Vm(fleet, name))];
        _seat.Core.SetPorts([.. vms.Select((vm, i) => new PortInfo(i + 1, vm.Name, vm.Label, new Rgb(0), vm.State, null, vm.Generation) { Sound = vm.Sound })]);
        foreach (VmStatus vm in vms)
        {
            _seat.Core.Attach(vm.Name, vm.Generation, await fleet.OpenDisplayAsync(vm.Name, vm.Generation, CancellationToken.None));
        }

        PumpUntil(() => _seat.Core.Sound!.Vms.All(vm => vm.Playing), () => $"sound of all; {_seat.Core.Sound}");
    }

    /// <summary>The amplitudes of both tones in the next second and a half, after what was on its way before.</summary>
    private (double Low, double High) Listen()
    {
        long Length() => File.Exists(_played) ? new FileInfo(_played).Length / 4 : 0;
        long from = Length() + SoundMixer.Rate / 2, to = from + SoundMixer.Rate;
        PumpUntil(() => Length() > to, () => $"more to be played; {_seat.Core.Sound}");
        using FileStream file = File.Open(_played, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        file.Position = from * 4;
        var bytes = new byte[SoundMixer.Rate * 4];
        file.ReadExactly(bytes);
        ReadOnlySpan<short> samples = MemoryMarshal.Cast<byte, short>(bytes);
        return (Tone.Strength(samples, 1_193_182.0 / (1_193_182 / LowTone)), Tone.Strength(samples, 1_193_182.0 / (1_193_182 / HighTone)));
    }

    /// <summary>As <see cref="Listen"/>, again until the low tone is heard: a guest that the host gives no processor for a moment plays nothing then.</summary>
    private (double Low, double High) ListenUntilHeard()
    {
        (double low, double high) = Listen();
        for (int tries = 0; low <= 0.05 && tries < 20; tries++)
        {
            (low, high) = Listen();
        }

        return (low, high);
    }

    private void PumpUntil(Func<bool> condition, Func<string> what)
    {
        long deadline = Reactor.Now + 60_000_000_000;
        while (!condition())
        {
            Assert.True(Reactor.Now < deadline, $"Waited 60 s for {what()}");
            _reactor.RunOnce(TimeSpan.FromMilliseconds(20));
        }
    }

    private async Task SideDoorAsync(string vm, string command, string file)
    {
        await using QmpClient monitor = await QmpClient.ConnectAsync(Path.Combine(_home.Paths.VmRuntime(vm), "qemu", EngineHome.SideDoor), CancellationToken.None);
        await monitor.ExecuteAsync(command, w => w.WriteString("uri", $"file:{file}"), CancellationToken.None);
        string status = "";
        for (int i = 0; i < 600 && status is not ("completed" or "failed"); i++)
        {
            await Task.Delay(50);
            System.Text.Json.JsonElement answer = await monitor.ExecuteAsync("query-migrate", null, CancellationToken.None);
            status = answer.TryGetProperty("status", out System.Text.Json.JsonElement value) ? value.GetString()! : "";
        }

        Assert.Equal("completed", status);
        if (command == "migrate")
        {
            File.Copy(file, Path.Combine(_home.Folder, "saved"));
        }
        else
        {
            await monitor.ExecuteAsync("cont", null, CancellationToken.None);
        }
    }
}
