using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hyperspace.Tests.Notebook.Rig;

/// <summary>QEMU's monitor (QMP) of the machine that plays the notebook: one command at a time.</summary>
internal sealed class Monitor : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly StreamReader _reader;
    private readonly StreamWriter _writer;

    public Monitor(string path)
    {
        _socket.Connect(new UnixDomainSocketEndPoint(path));
        _socket.ReceiveTimeout = 120_000;
        var stream = new NetworkStream(_socket);
        (_reader, _writer) = (new StreamReader(stream), new StreamWriter(stream) { AutoFlush = true });
        _ = _reader.ReadLine();
        Do("qmp_capabilities");
    }

    /// <exception cref="RigException">QEMU refuses; says why.</exception>
    public JsonNode? Do(string command, JsonObject? arguments = null)
    {
        var message = new JsonObject { ["execute"] = command };
        if (arguments is not null)
        {
            message["arguments"] = arguments;
        }

        _writer.WriteLine(message.ToJsonString());
        while (_reader.ReadLine() is { } line)
        {
            JsonObject answer = JsonNode.Parse(line)!.AsObject();
            if (answer["error"] is { } error)
            {
                throw new RigException($"QEMU refuses {command}: {error["desc"]}");
            }

            if (answer.ContainsKey("return"))
            {
                return answer["return"];
            }
        }

        throw new RigException($"QEMU ended during {command}.");
    }

    public void Dispose()
    {
        _reader.Dispose();
        _socket.Dispose();
    }
}

/// <summary>The rig itself failed, not what it tests.</summary>
public sealed class RigException(string message) : Exception(message);
