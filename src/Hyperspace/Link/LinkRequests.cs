using System.Text.Json;
using Hyperspace.Daemon;
using Hyperspace.Machines;
using Hyperspace.Machines.Supervision;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Link;

/// <summary>Does what clients of the link ask of the fleet, on the thread pool, and answers on the link's thread.</summary>
/// <param name="policy">Null in a daemon that knows nothing of brightness.</param>
/// <param name="power">Gets the power and sleep keys of the seat's keyboards.</param>
/// <param name="post">Runs an action on the link's thread; false when it has ended.</param>
internal sealed class LinkRequests(IFleet fleet, IPolicyDesk? policy, IPowerDesk power, Func<Action, bool> post)
{
    /// <summary>Requests of one client that are worked on at a time; with more it is not a person at a keyboard.</summary>
    public const int MaxBusy = 64;

    private const int MaxLogLines = 2000;

    public void Do(LinkConnection client, LinkMessage untrustedRequest)
    {
        if (client.Busy >= MaxBusy)
        {
            client.Drop($"It asks for more than {MaxBusy} things at a time.");
            return;
        }

        client.Busy++;
        _ = Task.Run(() => DoAsync(client, untrustedRequest));
    }

    private async Task DoAsync(LinkConnection client, LinkMessage request)
    {
        LinkMessage answer;
        SafeFileHandle? socket = null;
        try
        {
            if (request is DisplayRequest wish)
            {
                socket = await OpenDisplayAsync(client, wish);
                answer = new DisplayOffer(wish.Id, wish.Vm, wish.Generation);
            }
            else if (request is AgentRequest agent)
            {
                socket = await OpenAgentAsync(client, agent);
                answer = new AgentOffer(agent.Id, agent.Vm, agent.Generation);
            }
            else
            {
                answer = await AnswerAsync(client, request);
            }
        }
        catch (Exception e)
        {
            answer = new Answer(IdOf(request), false) { Error = e.Message };
        }

        bool posted = post(() =>
        {
            client.Busy--;
            client.Send(answer, socket);
        });
        if (!posted)
        {
            socket?.Dispose();
        }
    }

    private Task<SafeFileHandle> OpenDisplayAsync(LinkConnection client, DisplayRequest request) => client.Role == "seat"
        ? fleet.OpenDisplayAsync(Name(request.Vm), request.Generation, CancellationToken.None)
        : throw new MachineException($"A {client.Role} gets no displays; a seat does.");

    private Task<SafeFileHandle> OpenAgentAsync(LinkConnection client, AgentRequest request) => client.Role == "seat"
        ? fleet.OpenAgentAsync(Name(request.Vm), request.Generation, CancellationToken.None)
        : throw new MachineException($"A {client.Role} gets no clipboards; a seat does.");

    /// <summary>A client that goes away meanwhile does not undo what it asked for: a VM that is being stopped would be left half-way.</summary>
    private async Task<Answer> AnswerAsync(LinkConnection client, LinkMessage request)
    {
        switch (request)
        {
            case VmRequest r:
                await fleet.ActAsync(Name(r.Vm), r.Action, CancellationToken.None);
                break;
            case MoveRequest r:
                await fleet.MoveAsync(Name(r.Vm), r.Port, CancellationToken.None);
                break;
            case BrightnessKey r:
                int now = await (policy ?? throw new MachineException("This daemon knows nothing of brightness.")).StepBrightnessAsync(r.Up, CancellationToken.None);
                return new Answer(r.Id, true) { Lines = [$"Brightness {now} %"] };
            case PowerKey r:
                if (client.Role != "seat")
                {
                    throw new MachineException($"A {client.Role} has no power key; a seat does.");
                }

                power.PressKey(r.Button is PowerButton.Power or PowerButton.Sleep ? r.Button : throw new MachineException("A keyboard has a power and a sleep key, and no lid."));
                break;
            case LogRequest r:
                IReadOnlyList<string> lines = await fleet.LogAsync(Name(r.Vm), r.Log ?? "", Math.Clamp(r.MaxLines, 1, MaxLogLines), CancellationToken.None);
                return Fitting(new Answer(r.Id, true) { Lines = lines });
        }

        return new Answer(IdOf(request), true);
    }

    /// <summary>Leaves out the oldest lines of a log until the answer fits into a line of the link.</summary>
    private static Answer Fitting(Answer answer)
    {
        while (answer.Lines is { Count: > 0 } lines && JsonSerializer.SerializeToUtf8Bytes(answer, ControlJson.Default.LinkMessage).Length >= LinkMessage.MaxLineBytes)
        {
            answer = answer with { Lines = [.. lines.Skip((lines.Count + 1) / 2)] };
        }

        return answer;
    }

    private static string Name(string? untrusted) => untrusted ?? throw new MachineException("The request names no VM.");

    private static long IdOf(LinkMessage request) => request switch
    {
        VmRequest r => r.Id,
        MoveRequest r => r.Id,
        LogRequest r => r.Id,
        BrightnessKey r => r.Id,
        PowerKey r => r.Id,
        DisplayRequest r => r.Id,
        AgentRequest r => r.Id,
        _ => 0,
    };
}
