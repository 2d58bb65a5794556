using System.Net.Sockets;
using System.Text;

namespace Hyperspace.Tests.Notebook.Rig;

/// <summary>Runs commands inside the notebook, over its second serial line; see image/root/usr/sbin/nb-agent.</summary>
internal sealed class Agent : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly StreamReader _reader;
    private int _number = Random.Shared.Next(1000, 1_000_000);

    public Agent(string path)
    {
        _socket.Connect(new UnixDomainSocketEndPoint(path));
        _socket.ReceiveTimeout = 240_000;
        _reader = new StreamReader(new NetworkStream(_socket));
        Greet();
    }

    /// <summary>What comes before the agent has opened its line is lost, or echoed: it is asked until it answers.</summary>
    private void Greet()
    {
        for (int i = 0; i < 60; i++)
        {
            _socket.Send("0 dHJ1ZQ==\n"u8);
            while (_socket.Poll(TimeSpan.FromSeconds(4), SelectMode.SelectRead))
            {
                if (_reader.ReadLine()?.TrimEnd() == "0 0")
                {
                    return;
                }
            }
        }

        throw new RigException("The notebook's agent does not answer.");
    }

    /// <summary>What the command wrote on both its outputs, and its exit code.</summary>
    /// <param name="command">For sh; it has two minutes of the notebook's time.</param>
    public (int Code, string Output) Run(string command)
    {
        string number = (++_number).ToString();
        _socket.Send(Encoding.ASCII.GetBytes($"{number} {Convert.ToBase64String(Encoding.UTF8.GetBytes(command))}\n"));
        while (_reader.ReadLine() is { } line)
        {
            // A snapshot may hold the end of an answer to somebody else.
            string[] parts = line.Split(' ');
            if (parts.Length >= 2 && parts[0] == number && int.TryParse(parts[1], out int code))
            {
                return (code, parts.Length > 2 ? Encoding.UTF8.GetString(Convert.FromBase64String(parts[2])) : "");
            }
        }

        throw new RigException($"The notebook's agent does not answer \"{command}\".");
    }

    public void Dispose()
    {
        _reader.Dispose();
        _socket.Dispose();
    }
}
