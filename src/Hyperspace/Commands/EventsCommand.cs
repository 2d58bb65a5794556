using System.CommandLine;
using System.Text.Json;
using Hyperspace.Api;
using Hyperspace.Client;
using Hyperspace.Linux;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Commands;

/// <summary><c>hyperspace events</c>: the state of everything on each change, one JSON object a line, until Ctrl+C.</summary>
internal static class EventsCommand
{
    public static Command Build(HyperspacePaths paths)
    {
        var command = new Command("events", "Print the state of host, VMs and seat now and on every change, one JSON object a line, until Ctrl+C.");
        command.SetAction(async (_, cancel) =>
        {
            using var client = new ControlClient(paths.ApiSocket);
            try
            {
                await foreach (Snapshot snapshot in client.WatchAsync(cancel))
                {
                    Console.Out.WriteLine(JsonSerializer.Serialize(snapshot, ReadableJson.Default.Snapshot));
                    Console.Out.Flush();
                }
            }
            catch (OperationCanceledException)
            {
                // The user has seen enough.
            }

            return 0;
        });
        return command;
    }
}
